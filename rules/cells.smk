"""Clathrin movies and tracks, simulated or read, and the data set of the cells study."""

if SOURCE.kind == "simulate":

    rule simulate_tracks:
        """Simulate the two-channel tracks of one cell (one job per cell)."""
        message:
            "Simulate the tracks of {wildcards.cell}"
        output:
            RUN / "cells/tracks/{cell}.nc",
        params:
            preset=SOURCE.preset,
            tracks=SOURCE.tracks,
            seed=seed("simulate_tracks"),
            code=code("simulate_tracks"),
        log:
            LOGS / "simulate_tracks/{cell}.log",
        benchmark:
            BENCHMARKS / "simulate_tracks/{cell}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(10),
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/simulate_tracks.py"


if SOURCE.kind == "simulated_movies":

    rule simulate_movie:
        """Simulate the two movies of one cell, and their truth (one job per cell)."""
        message:
            "Simulate the movies of {wildcards.cell}"
        output:
            master=MOVIES / "{cell}_master.ome.tif",
            slave=MOVIES / "{cell}_slave.ome.tif",
            truth=MOVIES / "{cell}_truth.nc",
        params:
            **SOURCE.model_dump(include={"preset", "frames", "size"}),
            seed=seed("simulate_movie"),
            code=code("simulate_movie"),
        log:
            LOGS / "simulate_movie/{cell}.log",
        benchmark:
            BENCHMARKS / "simulate_movie/{cell}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(10),
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/simulate_movie.py"


if SIMULATED and not SOURCE.tracked:

    rule read_truth:
        """The true tracks of one cell, read with noise but without a tracker."""
        message:
            "Read the truth of {wildcards.cell}"
        input:
            rules.simulate_movie.output.truth,
        output:
            RUN / "cells/tracks/{cell}.nc",
        params:
            preset=SOURCE.preset,
            seed=seed("read_truth"),
            code=code("read_truth"),
        log:
            LOGS / "read_truth/{cell}.log",
        benchmark:
            BENCHMARKS / "read_truth/{cell}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(10),
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/read_truth.py"


if MOVING:

    rule track_movie:
        """Find, link and read out the pits of one cell (one job per cell)."""
        message:
            "Track the pits of {wildcards.cell}"
        input:
            (
                cell_files
                if SOURCE.kind == "movies"
                else [
                    rules.simulate_movie.output.master,
                    rules.simulate_movie.output.slave,
                ]
            ),
        output:
            RUN / "cells/tracks/{cell}.nc",
        params:
            movie=OPENED,
            tracker=settings.cells.tracker.model_dump(),
            bad_cell=settings.cells.bad_cell,
            code=code("track_movie"),
        log:
            LOGS / "track_movie/{cell}.log",
        benchmark:
            BENCHMARKS / "track_movie/{cell}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(30),
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/track_movie.py"


if SOURCE.kind in ("fxycms", "processed_tracks", "csv"):

    rule read_tracks:
        """Read the tracks of one cell that were made elsewhere (one job per cell)."""
        message:
            "Read the tracks of {wildcards.cell}"
        input:
            cell_files,
        output:
            RUN / "cells/tracks/{cell}.nc",
        params:
            kind=SOURCE.kind,
            source=SOURCE.model_dump(exclude={"kind", "files"}),
            bad_cell=settings.cells.bad_cell,
            code=code("read_tracks"),
        log:
            LOGS / "read_tracks/{cell}.log",
        benchmark:
            BENCHMARKS / "read_tracks/{cell}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(10),
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/read_tracks.py"


rule assemble_dataset:
    """Gather the tracks of all cells into one table of fixed-length samples."""
    message:
        "Assemble the data set of {wildcards.study}"
    input:
        expand(RUN / "cells/tracks/{cell}.nc", cell=SOURCE.names()),
    output:
        RUN / "{study}/dataset.nc",
    params:
        dataset=settings.cells.model_dump(
            exclude={"source", "tracker", "scaling", "bucket_accuracy"}
        ),
        least=configuration.least_cells(settings),
        seed=seed("assemble_dataset"),
        code=code("assemble_dataset"),
    log:
        LOGS / "assemble_dataset/{study}.log",
    benchmark:
        BENCHMARKS / "assemble_dataset/{study}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/assemble_dataset.py"


rule split_dataset:
    """Split by group and scale with constants of the training groups."""
    message:
        "Split {wildcards.study}, rotation {wildcards.split}"
    input:
        RUN / "{study}/dataset.nc",
    output:
        SPLIT / "dataset.nc",
    params:
        splits=settings.splits.model_dump(include={"test", "select", "test_groups"}),
        scaling=settings.cells.scaling,
        bucket_accuracy=settings.cells.bucket_accuracy,
        seed=settings.seed,
        code=code("split_dataset"),
    log:
        LOGS / "split_dataset/{study}-{split}.log",
    benchmark:
        BENCHMARKS / "split_dataset/{study}-{split}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/split_dataset.py"
