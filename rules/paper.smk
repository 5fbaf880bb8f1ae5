"""Tables and the report."""

# What the page is made of, by study.
PAGE = {
    "scores": [],
    "differences": [],
    "timings": [],
    "figures": [],
    "quality": [],
    "published": PUBLISHED,
    "wavelets": [],
    "cosmology": [],
    "published_maps": [],
    "heads": [],
    "filters": [],
    "tables": [],
    "networks": [],
}
if STUDIES:
    for table in ("scores", "differences", "timings"):
        PAGE[table].append(RUN / f"{table}.csv")
    PAGE["tables"] += every(RUN / "table_{study}.csv")
    PAGE["networks"] += every(SEED / "{teacher}/teacher.json")
if settings.cells:
    PAGE["figures"] += every(FIGURES / "{drawn}.png", drawn=DRAWN, study="cells")
    PAGE["figures"] += expand(CELL_FIGURES / "{drawn}.png", drawn=SEEN)
    PAGE["quality"].append(RUN / "cells/quality.csv")
    PAGE["wavelets"] += every(RUN / "{study}/{target}/wavelet.json", study="cells")
if TAUGHT:
    PAGE["heads"] += every(MAP_SEED / "heads.csv", study="maps")[:1]
    PAGE["filters"] += every(MAP_TARGET / "filters.csv", study="maps")
    PAGE["figures"] += every(FIGURES / "{drawn}.png", drawn=MAPPED, study="maps")
if settings.maps:
    PAGE["figures"] += expand(MAP_FIGURES / "{drawn}.png", drawn=SURVEYED)
    PAGE["cosmology"].append(RUN / "maps/cosmology.csv")
    PAGE["tables"].append(RUN / "table_cosmology.csv")
    PAGE["published_maps"].append(RUN / "table_published_maps.csv")


if STUDIES:

    rule tabulate_scores:
        """The score table of a study as CSV, LaTeX and Markdown."""
        message:
            "Tabulate {wildcards.study}"
        input:
            scores=RUN / "scores.csv",
            timings=RUN / "timings.csv",
        output:
            csv=RUN / "table_{study}.csv",
            tex=RUN / "table_{study}.tex",
            md=RUN / "table_{study}.md",
        params:
            code=code("tabulate_scores"),
        log:
            LOGS / "tabulate_scores/{study}.log",
        benchmark:
            BENCHMARKS / "tabulate_scores/{study}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(10),
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/tabulate_scores.py"


rule report:
    """One self-contained page: what the run says, its tables, figures and provenance."""
    message:
        "Write the report"
    input:
        **PAGE,
    output:
        RUN / "report.html",
    params:
        config=settings.model_dump(mode="json"),
        captions=CAPTIONS,
        code=code("report"),
    log:
        LOGS / "report.log",
    benchmark:
        BENCHMARKS / "report.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/report.py"
