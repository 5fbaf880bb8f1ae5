"""Adaptive wavelet distillation: from raw inputs to tables, figures and a report."""

from snakemake.utils import min_version

min_version("9.20")


include: "rules/common.smk"


# First, so that it is what runs by default, unless another workflow has its own.
rule all:
    """Everything a run makes: scores, figures, wavelet, report, manifest, RO-Crate."""
    input:
        RUN / "ro-crate-metadata.json",


RESULTS = {}
if settings.maps:

    include: "rules/maps.smk"


if TAUGHT:

    include: "rules/maps_teacher.smk"


if settings.cells:

    include: "rules/cells.smk"
    include: "rules/quality.smk"
    include: "rules/teacher.smk"
    include: "rules/distil.smk"
    include: "rules/baselines.smk"


if STUDIES:

    include: "rules/evaluate.smk"
    include: "rules/figures.smk"


if settings.cells or settings.maps:

    include: "rules/paper.smk"

    RESULTS["Report"] = RUN / "report.html"


if settings.recovery:

    include: "rules/recovery.smk"

    RESULTS["Recovery"] = RUN / "figures/recovery.png"


include: "rules/provenance.smk"


report: "rules/captions/workflow.rst"


onsuccess:
    for table in sorted(Path(RUN).glob("table_*.md")):
        print(table.read_text())
    for name, path in RESULTS.items():
        print(f"{name}: {path}")
