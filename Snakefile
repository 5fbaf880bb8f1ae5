"""Adaptive wavelet distillation: from raw inputs to tables, figures and a report."""

from snakemake.utils import min_version

min_version("9.20")


include: "rules/common.smk"
include: "rules/cells.smk"
include: "rules/teacher.smk"
include: "rules/distil.smk"
include: "rules/baselines.smk"
include: "rules/evaluate.smk"
include: "rules/paper.smk"
include: "rules/provenance.smk"


report: "rules/captions/workflow.rst"


rule all:
    """Everything a run makes: scores, tables, figures, wavelet, report, manifest."""
    default_target: True
    input:
        f"{RUN}/report.html",
        f"{RUN}/manifest.json",
