"""What a run made opens in other programs: MATLAB, DS9 and Aladin, napari."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import pywt
import scipy.io
import tifffile
import xarray as xr
from astropy import units
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales
from click.testing import CliRunner

from awd import cli, export, io, wavelet
from awd.cells import simulate, tracks, view
from awd.errors import WaveletError
from awd.maps import writers
from awd.maps.readers.images import Reading
from awd.record import contracts


def run(*arguments):
    return CliRunner().invoke(cli.awd, list(map(str, arguments)))


@pytest.mark.parametrize("taps", [2, 6, 12])
def test_matlab_gets_the_filters_that_pywt_has(tmp_path, taps):
    free = np.random.default_rng(taps).uniform(0, np.pi, taps // 2 - 1)
    h = wavelet.filter_from_angles(wavelet.complete_angles(free))
    export.write_wavelet_json(h, tmp_path / "wavelet.json", name="cells")
    done = run("export", tmp_path / "wavelet.json", tmp_path / "wavelet.mat")
    assert done.exit_code == 0
    assert f"of {taps} taps" in done.stderr
    held = scipy.io.loadmat(tmp_path / "wavelet.mat")
    bank = [held[name] for name in ("Lo_D", "Hi_D", "Lo_R", "Hi_R")]
    assert {row.shape for row in bank} == {(1, taps)}
    assert held["name"].item() == "cells"
    plain = pywt.Wavelet("m", filter_bank=[row[0] for row in bank])
    np.testing.assert_array_equal(plain.filter_bank, wavelet.to_pywt(h).filter_bank)
    x = np.random.default_rng(0).normal(size=65)
    restored = pywt.waverec(pywt.wavedec(x, plain, level=2), plain)[:65]
    np.testing.assert_allclose(restored, x, atol=1e-12)


def test_what_is_no_wavelet_does_not_go_to_matlab(tmp_path):
    with pytest.raises(WaveletError):
        export.write_mat(np.array([0.8, 0.7]), tmp_path / "w.mat")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def sky(tmp_path):
    """Tiles of 12 pixels of fields of 20, two bins, some of it not seen."""
    rng = np.random.default_rng(0)
    offset = [[0, 0], [0, 8], [8, 0], [8, 8]]
    mask = np.ones((4, 12, 12), np.int8)
    mask[2, :3] = 0
    ds = xr.Dataset(
        {
            "x": (
                ("sample", "channel", "y", "x"),
                rng.normal(size=(4, 2, 12, 12)).astype(np.float32),
                {"units": "1", "long_name": "convergence"},
            ),
            "mask": (("sample", "y", "x"), mask),
            "target": (
                ("sample", "name"),
                [[0.3, 0.8]] * 4,
                {"units": "1", "long_name": "parameters"},
            ),
            **{n: ("sample", ["a"] * 4) for n in ("group", "block", "cosmology")},
            "realisation": ("sample", np.zeros(4, np.int32)),
            "offset": (("sample", "axis"), np.array(offset, np.int32)),
            "split": ("sample", ["test"] * 4),
        },
        coords={"name": ["omega_m", "a_very_long_name"]},
        attrs={"pixel_arcmin": 1.5},
    )
    io.write(ds, tmp_path / "samples.nc", contracts.MAPS)
    return ds


def test_a_map_keeps_its_values_and_its_pixels(sky, tmp_path):
    out = tmp_path / "map.fits"
    done = run("export", tmp_path / "samples.nc", out, "--map", 2)
    assert done.exit_code == 0
    with fits.open(out, checksum=True) as file:
        header, values = file[0].header, file[0].data
    seen = sky["mask"].values[2] == 1
    np.testing.assert_array_equal(values[:, seen], sky["x"].values[2][:, seen])
    assert np.isnan(values[:, ~seen]).all()
    assert header["OMEGA_M"] == 0.3
    assert header["a_very_long_name"] == 0.8
    scales = proj_plane_pixel_scales(WCS(header).celestial)
    np.testing.assert_allclose(scales, 1.5 / 60)
    assert Reading(bins=2).scale(out).arcmin == pytest.approx((1.5,))


def test_tiles_of_a_field_lie_beside_each_other_on_the_sky(sky):
    centre = (150.0, 40.0)
    worlds = [WCS(writers.image(sky, k, centre).header).celestial for k in range(4)]
    # The pixel (y 9, x 10) of the field, in each tile that holds it.
    places = [
        wcs.pixel_to_world(10 - dx, 9 - dy)
        for wcs, (dy, dx) in zip(worlds, sky["offset"].values, strict=True)
    ]
    assert max(p.separation(places[0]).arcsec for p in places) < 1e-6
    middle = worlds[0].pixel_to_world(9.5, 9.5)
    assert middle.ra.deg == pytest.approx(150)
    assert middle.dec.deg == pytest.approx(40)
    right = worlds[0].pixel_to_world(10.5, 9.5)
    assert middle.separation(right).to(units.arcmin).value == pytest.approx(1.5, 1e-4)
    assert right.ra < middle.ra  # east is left, as on every map of the sky
    x, y = worlds[3].world_to_pixel(worlds[3].pixel_to_world(3, 5))
    np.testing.assert_allclose([x, y], [3, 5], atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["samples.nc", "m.fits", "--map", 4], "has 4 maps, and map 4 was asked for"),
        (["samples.nc", "m.fits", "--centre", "1;2"], "expected right ascension"),
        (["samples.nc", "m.fits", "--centre", "1,99"], "a declination from -90 to 90"),
        (["samples.nc", "m.mat"], "expected a wavelet.json or a model.json"),
        (["samples.nc", "m.png"], "ends in .mat, .fits"),
        (["none.nc", "m.fits"], "none.nc: no such file"),
        (["w.json", "w.mat", "--map", 1], "are of maps"),
    ],
)
def test_what_cannot_be_exported_is_said(sky, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    done = run("export", *arguments)
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert not [*tmp_path.glob("m.*"), *tmp_path.glob("w.*")]


class Viewer:
    """What napari's viewer is asked for here, and what it was given."""

    def __init__(self, title):
        self.title, self.images, self.tracks = title, [], []

    def add_image(self, data, *, name, scale, colormap, blending):
        self.images.append((name, np.asarray(data), scale))

    def add_tracks(self, data, *, name, features, scale):
        self.tracks.append((data, features, scale))


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """A run with two cells: one movie simulated, one of a user's beside the run."""
    work = tmp_path_factory.mktemp("work")
    folder = work / "results/r"
    for cell, told in (("c1", {}), ("c2", {"files": ["mine/a.tif", "mine/b.tif"]})):
        own = [work / file for file in told.get("files", [])]
        movies = own or [
            folder / f"cells/movies/{cell}_{channel}.ome.tif" for channel in "ab"
        ]
        movies[0].parent.mkdir(parents=True, exist_ok=True)
        truth = simulate.simulate_movie(
            "teaching", cell, 1, *movies, frames=20, size=64
        )
        ds = tracks.labelled(
            simulate.read_truth(truth, "teaching", 0), ["clathrin", "auxilin"], ""
        )
        stamp = {"params": {"movie": told | {"mask": None}}}
        io.write(ds, folder / f"cells/tracks/{cell}.nc", tracks.TRACKS, stamp)
    return folder


@pytest.mark.parametrize("cell", ["c1", "c2"])
def test_napari_shows_the_movie_and_the_tracks_in_one_scale(cells, monkeypatch, cell):
    opened, ran = [], []

    def viewer(title):
        opened.append(Viewer(title))
        return opened[-1]

    fake = SimpleNamespace(Viewer=viewer, run=lambda: ran.append(1))
    monkeypatch.setitem(sys.modules, "napari", fake)
    done = run("view", cells, "--cell", cell)
    assert done.exit_code == 0, done.output
    assert ran
    shown = opened[0]
    assert shown.title == cell
    assert [name for name, *_ in shown.images] == ["clathrin", "auxilin"]
    ds = view.cell(cells, cell)
    files, _ = view.movie_files(cells, ds)
    for (_, frames, scale), path in zip(shown.images, files, strict=True):
        np.testing.assert_array_equal(frames, tifffile.imread(path))
        assert scale == (1, 0.08, 0.08)
    data, features, scale = shown.tracks[0]
    assert scale == (1, 0.08, 0.08)
    np.testing.assert_allclose(data[:, 1], ds["frame"])
    np.testing.assert_allclose(data[:, 2:], np.c_[ds["y"], ds["x"]])
    assert len(features) == len(data)


def test_without_napari_the_files_of_the_run_are_named(cells, monkeypatch):
    monkeypatch.setitem(sys.modules, "napari", None)
    done = run("view", cells)
    assert done.exit_code == 1
    assert "napari is not installed" in done.stderr
    assert "cells/movies/c1_a.ome.tif, cells/movies/c1_b.ome.tif" in done.stderr
    assert "cells/exported/c1.xml, cells/exported/c1_napari.csv" in done.stderr
    assert "make tracks RUN=r" in done.stderr
    exported = cells / "cells/exported"
    exported.mkdir()
    for kind in view.EXPORTED:
        (exported / f"c1{kind}").touch()
    assert "make tracks" not in run("view", cells).stderr
    mine = run("view", cells, "--cell", "c2").stderr
    assert str(cells.parents[1] / "mine/a.tif") in mine
    assert len(mine) < 900


def test_a_cell_that_is_not_there_is_named(cells, tmp_path):
    assert (
        "has no cell 'c9'; expected one of c1, c2"
        in run("view", cells, "--cell", "c9").stderr
    )
    assert "expected a run of cells" in run("view", tmp_path).stderr


def test_tracks_alone_are_shown_without_a_movie(cells):
    ds = view.cell(cells)
    ds.attrs["provenance"] = json.dumps({"params": {}})
    ds.attrs["cell"] = "elsewhere"
    assert view.opened(cells, ds) is None
    shown = view.show(SimpleNamespace(Viewer=Viewer), ds, None)
    assert not shown.images
    assert len(shown.tracks[0][0]) == ds.sizes["obs"]
    assert "none, tracks alone were read" in view.instead(cells, ds)
