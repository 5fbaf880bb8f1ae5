"""Movies and tracks of one's own, whole and broken, up to the data set."""

import json
import shutil
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import yaml

from awd import io
from awd.cells import measures, simulate, tracks

pytestmark = pytest.mark.slow

DATA = "results/own/cells/dataset.nc"
BAD = "results/own/cells/tracks/c0.nc"


@pytest.fixture
def movies(tmp_path):
    """Movies of five small cells."""
    folder = tmp_path / "movies"
    folder.mkdir()
    files = {}
    for k in range(5):
        paths = [folder / f"{k}_{channel}.ome.tif" for channel in ("master", "slave")]
        simulate.simulate_movie("teaching", f"c{k}", k, *paths, frames=120, size=128)
        files[f"c{k}"] = [str(path) for path in paths]
    return files


def write(checkout, source, targets=("half",), **cells):
    """A configuration of its own, named ``own``."""
    made = yaml.safe_load((checkout.folder / "tests/micro.yaml").read_text())
    made["run"] = "own"
    common = {"tiles": 2, "distil": {"folds": 2}, "teacher": {"folds": 2}}
    made["cells"] = {"source": source, "targets": list(targets), **common, **cells}
    (checkout.folder / "own.yaml").write_text(yaml.safe_dump(made))


def assemble(checkout, ok=True):
    return checkout.snakemake(DATA, config="own.yaml", ok=ok)


def test_movies_of_ones_own_with_a_bad_cell(checkout, movies):
    broken = checkout.folder / "broken.ome.tif"
    with open(movies["c0"][0], "rb") as file:
        broken.write_bytes(file.read()[:100_000])
    files = movies | {"c0": [str(broken), movies["c0"][1]]}
    write(checkout, {"kind": "movies", "files": files}, ["sig_mean"])
    printed = checkout.snakemake(BAD, config="own.yaml", ok=False)
    assert "DataError" in printed
    assert "broken.ome.tif" in printed
    assert not (checkout.folder / BAD).exists()

    write(checkout, {"kind": "movies", "files": files}, ["sig_mean"], bad_cell="skip")
    assemble(checkout)
    left_out = io.read(checkout.folder / BAD, tracks.TRACKS)
    assert left_out.sizes["track"] == 0
    assert "broken.ome.tif" in left_out.attrs["rejected"]
    ds = io.read(checkout.folder / DATA)
    assert set(ds["cell"].values) == {"c1", "c2", "c3", "c4"}
    assert list(json.loads(ds.attrs["rejected"])) == ["c0"]
    log = checkout.folder / "results/own/logs/assemble_dataset/cells.log"
    assert "c0 is left out" in log.read_text()

    # Two of five are too few for the splits.
    for name in ("c1", "c2"):
        other = shutil.copy(broken, checkout.folder / f"{name}.ome.tif")
        files |= {name: [str(other), movies[name][1]]}
    write(checkout, {"kind": "movies", "files": files}, ["sig_mean"], bad_cell="skip")
    printed = assemble(checkout, ok=False)
    assert "2 of 5 cells remain, the splits need" in printed


def test_the_data_set_is_the_same_for_any_number_of_cores(finished):
    """On one core, from the same movies, what was made on two."""
    data, other = "results/micro/cells/dataset.nc", finished.folder / "one-core"
    movies = "results/micro/cells/movies"
    shutil.copytree(finished.folder / movies, other / movies)
    finished.snakemake(data, "--cores", "1", "--directory", other.name)
    on_one, on_two = (io.read(place / data) for place in (other, finished.folder))
    for name in ("x", "target"):
        assert on_one[name].values.tobytes() == on_two[name].values.tobytes()


def test_exported_tracks(checkout):
    """CSV as trackpy writes it, of simulated traces."""
    files = {}
    for k in range(4):
        cell = simulate.simulate_traces("teaching", f"c{k}", 150, k)
        table = measures.points(cell).rename(columns={"track": "particle"})
        path = checkout.folder / f"{k}.csv"
        pd.DataFrame(table).to_csv(path)
        files[f"c{k}"] = path.name
    source = {"kind": "csv", "files": files, "interval_s": 1, "pixel_nm": 80}
    source["columns"] = {"master": "master", "slave": "slave"}
    write(checkout, source | {"frames": 300})
    assemble(checkout)
    ds = io.read(checkout.folder / DATA)
    assert ds.sizes["sample"] > 100
    assert np.unique(ds["group"]).size == 4
    write(checkout, source, ["sig_mean"])
    assert "sig_mean needs p-values, which csv files lack" in assemble(
        checkout, ok=False
    )


def test_from_plain_tiff_files_to_tracks_by_the_readme(checkout, movies):
    """Two cells, as README names them: files a channel, and one with both."""
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    shown = text[text.index("    run: mine\n    cells:") :].partition(
        "    make tracks"
    )[0]
    (checkout.folder / "mine.yaml").write_text(textwrap.dedent(shown))
    (checkout.folder / "data").mkdir()
    both = [tifffile.imread(path) for path in movies["c0"]]
    for name, images in zip(("1_RFP", "1_GFP"), both, strict=True):
        plain = {"metadata": None, "photometric": "minisblack"}
        tifffile.imwrite(checkout.folder / f"data/{name}.tif", images, **plain)
    other = np.stack([tifffile.imread(path) for path in movies["c1"]], 1)
    about = {"axes": "TCYX", "PhysicalSizeX": 0.08, "TimeIncrement": 1}
    tifffile.imwrite(checkout.folder / "data/2.ome.tif", other, metadata=about)
    checkout.snakemake("tracks", config="mine.yaml")
    made = checkout.folder / "results/mine"
    found = io.read(made / "cells/tracks/cell2.nc", tracks.TRACKS)
    assert found.sizes["track"] > 20
    page = (made / "tracks.html").read_text("utf-8")
    assert "Quality of the cells" in page
    for end in (".csv", ".xml", "_napari.csv"):
        assert (made / f"cells/exported/cell1{end}").stat().st_size > 1000
    assert not list(made.glob("**/networks*"))

    (checkout.folder / "data/1_GFP.tif").write_bytes(b"II*")
    shutil.rmtree(made)
    printed = checkout.snakemake("-n", "tracks", config="mine.yaml", ok=False)
    assert "1 of 2 cells cannot be opened" in printed
    assert "1_GFP.tif" in printed


def test_all_missing_files_are_named_at_once(checkout):
    printed = checkout.snakemake("-n", config="config/paper-cells.yaml", ok=False)
    assert "MissingInput: no such files; put or link them there" in printed
    for k in range(1, 5):
        assert f"data/a7d2/Cell{k}_1s/TagRFP/Tracking/ProcessedTracks.mat" in printed
    assert "and 4 more" in printed
