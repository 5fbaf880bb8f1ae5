"""Adaptive wavelet distillation: from raw inputs to tables, figures and a report."""

from snakemake.utils import min_version

min_version("9.20")


include: "rules/common.smk"
include: "rules/job.smk"


# First, so that it is what runs by default, unless another workflow has its own.
rule all:
    """Everything a run makes: scores, figures, wavelet, report, manifest, RO-Crate."""
    input:
        lambda wildcards: DELIVERED,


if settings.cells:

    include: "rules/cells.smk"


if settings.maps:

    include: "rules/maps.smk"


if settings.own:

    include: "rules/own.smk"


if STUDIES:

    include: "rules/method.smk"


if settings.cells and settings.cells.handed:

    include: "rules/handed.smk"


if settings.recovery:

    include: "rules/recovery.smk"


include: "rules/figures.smk"
include: "rules/record.smk"


# All rules run the step of `job`, which finds a script by its parameter. Archives,
# reports and the check of changed scripts ask the rule itself: it tells them.
for made in workflow.rules:
    if made.script and "{params.script}" in made.script:
        own = made.params.get("script")  # none where rules only inherit from it
        # Of a remote module beside the library that it imports, and not by itself.
        folder = SCRIPTS if REMOTE else "../scripts"
        made.script = own and f"{folder}/{own}.py"


if workflow.is_main_process:
    provenance.remember()


report: "rules/captions/workflow.rst"


onstart:
    # Every job that ends sets off one more clock of this limiter, each of which asks once
    # a second which jobs may start: after some hundreds a core does nothing else.
    workflow.scheduler.job_rate_limiter = None


onsuccess:
    for markdown in sorted(Path(RUN).glob("table_*.md")):
        print(markdown.read_text())
    for name, path in RESULTS.items():
        if is_current(path, sum(PAGE.values(), [])):
            print(f"{name}: {path}")
