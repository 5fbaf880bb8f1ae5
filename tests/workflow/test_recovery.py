"""The study of recovery as a run of its own."""

import pytest

from awd import io

pytestmark = pytest.mark.slow

CONFIG = """
run: tiny
recovery:
  random: 1
  seeds: [0]
  samples: 400
  teacher_epochs: 2
  soft_epochs: 1
  harder: {noise: [1.0], correlation: [], window: [], samples: [], teacher: []}
"""


def test_a_run_of_recovery_alone(checkout):
    (checkout.folder / "config/tiny.yaml").write_text(CONFIG)
    printed = checkout.snakemake(config="config/tiny.yaml")
    run = checkout.folder / "results/tiny"
    assert (run / "table_recovery.md").read_text() in printed
    assert "Recovery: results/tiny/figures/recovery.png" in printed
    found = io.read_table(run / "recovery/recovery.csv")
    assert set(found["truth"]) == {"db5", "random0"}
    assert set(found["harder"].dropna()) == {"noise"}
    for name in ("recovery.png", "recovery.pdf", "recovery.csv"):
        assert (run / "figures" / name).stat().st_size > 0
    assert "recovery" in io.read_json(run / "manifest.json")["config"]
    assert "nothing" in checkout.snakemake("-n", config="config/tiny.yaml").lower()


def test_a_run_without_a_study_is_refused(checkout):
    (checkout.folder / "config/none.yaml").write_text("run: none\nrecovery: null\n")
    printed = checkout.snakemake(config="config/none.yaml", ok=False)
    assert "name a study to run" in printed
