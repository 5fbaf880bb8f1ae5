"""The whole pipeline on tiny data, and what it says when it cannot start."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from awd import io
from awd.record import manifest

ROOT = Path(__file__).parents[2]

FIGURES = ["scores", "parameters", "fidelity", "wavelet", "filters", "choice"]
FIGURES += ["filter_path", "reading", "curves", "predictions", "learning"]
FIGURES += ["labels_worth"]

pytestmark = pytest.mark.slow


def test_a_run_ends_with_the_tables_and_the_reports_path(finished):
    table = (finished.folder / "results/micro/table_cells.md").read_text()
    assert table in finished.printed
    after = finished.printed.partition(table)[2]
    assert "Report: results/micro/report.html" in after


def test_all_promised_files_are_there(finished):
    run = finished.folder / "results/micro"
    figures = [
        f"figures/cells-sig_mean/{name}.{kind}"
        for name in FIGURES
        for kind in ("png", "pdf", "csv")
    ]
    tables = [f"table_cells.{kind}" for kind in ("csv", "tex", "md")]
    figures += [
        f"figures/maps/{name}.png"
        for name in ("maps", "peaks", "inferred", "posterior", "realism")
    ]
    figures += ["figures/maps-omega_m/parameters.png"]
    figures += [
        f"figures/maps-omega_m/{name}.png"
        for name in ("steps", "scores", "fidelity", "families", "patches", "masks")
    ]
    tables += [
        f"table_{name}.{kind}"
        for name in ("cosmology", "maps", "published_maps")
        for kind in ("csv", "tex", "md")
    ]
    files = ["scores.csv", "differences.csv", "groups.csv", "timings.csv"]
    files += [f"cells/handed/{name}.csv" for name in ("scores", "differences", "worth")]
    files += ["report.html", "manifest.json"]
    files += [f"{place}/wavelet.json" for place in ("cells/sig_mean", "maps/omega_m")]
    files += ["maps/split0/omega_m/filters.csv"]
    files += ["ro-crate-metadata.json", "workflow/config.yaml"]
    for name in figures + tables + files:
        assert (run / name).stat().st_size > 0, name


def test_the_manifest_ties_every_result_to_its_hash(finished):
    record = io.read_json(finished.folder / "results/micro/manifest.json")
    assert record["config"]["run"] == "micro"
    recorded = {finished.folder / path: sha for path, sha in record["outputs"].items()}
    assert len(recorded) > 30
    assert manifest.checksums(recorded) == {str(k): v for k, v in recorded.items()}


def test_every_array_file_says_how_it_was_made(finished):
    for path in (finished.folder / "results/micro").rglob("*.nc"):
        stamp = json.loads(io.read(path).attrs["provenance"])
        assert {"rule", "params", "wildcards", "versions"} <= set(stamp), path
        assert stamp["params"]["code"], path


def test_the_report_stands_alone(finished):
    text = (finished.folder / "results/micro/report.html").read_text()
    assert "data:image/png;base64," in text
    for outside in ('src="http', 'href="http', "@import", "url(http"):
        assert outside not in text


def test_snakemakes_own_report_is_made_with_captions(finished):
    finished.snakemake("--report", "snakemake.html")
    page = (finished.folder / "snakemake.html").read_text()
    assert "held-out groups" in page
    # By the question that a figure answers; the first page lists them by study.
    assert page.count("1 Better than what needs no network?") > 1
    assert "System Message" not in page


def test_a_config_with_mistakes_stops_before_any_job_and_lists_them(finished):
    bad = finished.folder / "bad.yaml"
    text = (finished.folder / "tests/micro.yaml").read_text()
    text = text.replace("epochs", "epoch", 1)
    bad.write_text(text.replace("levels: 3", "levels: 7"))
    printed = finished.snakemake(config="bad.yaml", ok=False)
    assert re.search(r"bad\.yaml has \d problems", printed)
    assert "cells.baselines.levels" in printed  # 40 samples are not halved 7 times
    assert re.search(r"cells\.teacher\.epoch +unknown key; did you mean 'ep", printed)
    assert "rule simulate_movie" not in printed


def test_an_absent_real_file_is_named_with_the_remedy(finished):
    printed = finished.snakemake(config="config/real-traces.yaml", ok=False)
    assert "control_001_BS_Cell1_Red_FXYCMS.mat" in printed
    assert "put or link them there" in printed


def test_without_a_configfile_the_default_is_read_and_single_keys_win(finished):
    printed = finished.snakemake("-n", "--config", "run=mine", config=None)
    assert "results/mine/cells/tracks/cell7.nc" in printed
    assert "write_manifest" in printed


def test_the_published_protocol_runs_with_its_own_losses(finished):
    """On tiny data with a small grid; everything else as the preset says."""
    text = (finished.folder / "tests/micro.yaml").read_text()
    paper = yaml.safe_load(text)
    grid = {"sparsity": [1e-3], "attribution": [0, 1], "epochs": 2, "levels": 3}
    paper |= {"run": "paper", "preset": "paper", "maps": None, "own": {}}
    # The preset leaves out what lifetimes tell: many tracks are needed.
    paper["cells"]["source"] = {"kind": "simulate", "cells": 4, "tracks": 300}
    paper["cells"]["splits"]["rotations"] = 1
    paper["cells"] |= {"teacher": {"epochs": 2}, "handed": None}
    paper["cells"]["baselines"]["models"] = ["mean", "ridge"]
    paper["cells"]["distil"] = {"soft": grid, "levels": [3], "folds": 2}
    (finished.folder / "paper.yaml").write_text(yaml.safe_dump(paper))
    finished.snakemake(config="paper.yaml")
    run = finished.folder / "results/paper"
    assert (run / "figures/cells-sig_mean/soft_path.png").exists()
    scores = io.read_table(run / "scores.csv")
    assert {"soft", "sparsity", "untrained", "shuffled"} <= set(scores["method"])
    assert (scores.loc[scores["method"] == "soft", "scored"] == 2).all()
    beside = (run / "table_published.md").read_text()
    assert "0.262" in beside
    assert "10091" in (run / "table_published_counts.md").read_text()
    assert "Published scores" in (run / "report.html").read_text()
    exported = io.read_json(run / "cells/sig_mean/wavelet.json")
    assert max(exported["conditions"].values()) < 1e-8
    data = io.read(run / "cells/split0/samples.nc")
    assert data.attrs["scaling"] == "cell"


@pytest.mark.reliability
def test_noise_in_place_of_traces_shows_no_skill(finished):
    """No wavelet and no network predicts what it has not seen."""
    text = (finished.folder / "tests/micro.yaml").read_text()
    noise = yaml.safe_load(text)
    noise |= {"run": "noise", "maps": None, "own": {}}
    noise["cells"] |= {"traces": "noise", "handed": None}
    noise["cells"]["source"] = {"kind": "simulate", "cells": 4, "tracks": 300}
    noise["cells"]["splits"]["rotations"] = 1
    (finished.folder / "noise.yaml").write_text(yaml.safe_dump(noise))
    finished.snakemake("results/noise/scores.csv", config="noise.yaml")
    scores = io.read_table(finished.folder / "results/noise/scores.csv")
    assert "hand_ridge" not in set(scores["method"])
    assert (scores.loc[scores["split"] == "all", "r2"] < 0.03).all()


def test_the_smoke_configuration_plans(finished):
    assert "write_manifest" in finished.snakemake("-n", config="config/smoke.yaml")


def test_lint_has_nothing_to_say(finished):
    assert "Congratulations" in finished.snakemake("--lint")


def test_the_list_explains_every_rule(finished):
    listed = finished.snakemake("--list")
    rules = [line for line in listed.splitlines() if "(" in line]
    names = {path.stem for path in (ROOT / "scripts").glob("*.py")}
    names -= {"read_tracks", "read_truth", "simulate_tracks"}  # of other sources
    names -= {"infer_observed", "plot_observed"}  # of an observed map
    names -= {"tabulate_published"}  # beside the preset paper alone
    names = {name for name in names if "recover" not in name}  # a study of its own
    assert names <= {line.split()[0] for line in rules}


def test_python_version_is_the_one_promised():
    done = subprocess.run([sys.executable, "--version"], capture_output=True, text=True)
    assert done.stdout >= "Python 3.11"
