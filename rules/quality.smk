"""Tracked cells: are they fit for use, and what do they look like?"""

TRACKS = expand(RUN / "cells/tracks/{cell}.nc", cell=SOURCE.names())
CELL_FIGURES = RUN / "figures/cells"


rule check_cells:
    """Quality of every cell: spots, noise, drift, bleaching, classes, warnings."""
    message:
        "Check the cells"
    input:
        tracks=TRACKS,
        truths=expand(
            MOVIES / "{cell}_truth.nc", cell=SOURCE.names() if SIMULATED else []
        ),
    output:
        RUN / "cells/quality.csv",
    params:
        code=code("check_cells"),
    log:
        LOGS / "check_cells.log",
    benchmark:
        BENCHMARKS / "check_cells.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/check_cells.py"


if MOVING:

    rule plot_tracking:
        """Spots of a frame, tracks over the maximum, and a kymograph."""
        message:
            "Plot the tracking"
        input:
            tracks=TRACKS,
            movies=sum(movie_files().values(), []),
        output:
            report(
                CELL_FIGURES / "tracking.png",
                caption="captions/tracking.rst",
                category="cells",
                labels={"target": "all", "figure": "tracking"},
            ),
            CELL_FIGURES / "tracking.pdf",
            CELL_FIGURES / "tracking.csv",
        params:
            files=by_cell,
            movie=OPENED,
            code=code("plot_tracking"),
        log:
            LOGS / "plot_tracking.log",
        benchmark:
            BENCHMARKS / "plot_tracking.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(10),
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/plot_tracking.py"

    rule plot_pipeline:
        """The whole way in one figure, with a pit of the run in it."""
        message:
            "Plot the pipeline of {wildcards.target}"
        input:
            tracks=TRACKS,
            movies=sum(movie_files().values(), []),
            students=each(SEED / "students.nc"),
            wavelets=each(SEED / "wavelets.nc"),
        output:
            report(
                FIGURES / "pipeline.png",
                caption="captions/pipeline.rst",
                category="{study}",
                labels={"target": "{target}", "figure": "pipeline"},
            ),
            FIGURES / "pipeline.pdf",
            FIGURES / "pipeline.csv",
        params:
            method=RESULT,
            files=by_cell,
            movie=OPENED,
            code=code("plot_pipeline"),
        log:
            LOGS / "plot_pipeline/{study}-{target}.log",
        benchmark:
            BENCHMARKS / "plot_pipeline/{study}-{target}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(10),
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/plot_pipeline.py"


rule plot_lifetimes:
    """Lifetimes of all tracks by class."""
    message:
        "Plot the lifetimes of all cells"
    input:
        TRACKS,
    output:
        report(
            CELL_FIGURES / "lifetimes.png",
            caption="captions/lifetimes.rst",
            category="cells",
            labels={"target": "all", "figure": "lifetimes"},
        ),
        CELL_FIGURES / "lifetimes.pdf",
        CELL_FIGURES / "lifetimes.csv",
    params:
        code=code("plot_lifetimes"),
    log:
        LOGS / "plot_lifetimes.log",
    benchmark:
        BENCHMARKS / "plot_lifetimes.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_lifetimes.py"


rule plot_cohorts:
    """Mean intensities of tracks of like lifetimes, both channels."""
    message:
        "Plot the cohorts of all cells"
    input:
        TRACKS,
    output:
        report(
            CELL_FIGURES / "cohorts.png",
            caption="captions/cohorts.rst",
            category="cells",
            labels={"target": "all", "figure": "cohorts"},
        ),
        CELL_FIGURES / "cohorts.pdf",
        CELL_FIGURES / "cohorts.csv",
    params:
        code=code("plot_cohorts"),
    log:
        LOGS / "plot_cohorts.log",
    benchmark:
        BENCHMARKS / "plot_cohorts.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_cohorts.py"


rule plot_traces:
    """Example tracks of both channels, with what is significant."""
    message:
        "Plot the traces of all cells"
    input:
        TRACKS,
    output:
        report(
            CELL_FIGURES / "traces.png",
            caption="captions/traces.rst",
            category="cells",
            labels={"target": "all", "figure": "traces"},
        ),
        CELL_FIGURES / "traces.pdf",
        CELL_FIGURES / "traces.csv",
    params:
        code=code("plot_traces"),
    log:
        LOGS / "plot_traces.log",
    benchmark:
        BENCHMARKS / "plot_traces.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_traces.py"


rule tabulate_published:
    """Scores and counts of a run of the published protocol, beside the published ones."""
    message:
        "Set the published values beside the run's"
    input:
        scores=RUN / "scores.csv",
        tracks=TRACKS,
        data=expand(SPLIT / "dataset.nc", study="cells", split=0),
    output:
        scores=RUN / "table_published.csv",
        counts=RUN / "table_published_counts.csv",
        more=[
            RUN / f"table_published{part}.{kind}"
            for part in ("", "_counts")
            for kind in ("md", "tex")
        ],
    params:
        code=code("tabulate_published"),
    log:
        LOGS / "tabulate_published.log",
    benchmark:
        BENCHMARKS / "tabulate_published.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/tabulate_published.py"
