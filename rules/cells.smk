"""Clathrin tracks, simulated or read, and the data set of the cells study."""

SOURCE = settings.cells.source

if SOURCE.kind == "simulate":
    CELLS = {f"cell{k}": None for k in range(SOURCE.cells)}

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
            mem_mb=500,
            runtime=10,
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/simulate_tracks.py"

else:
    CELLS = {Path(file).stem: file for file in SOURCE.files}
    PUT_THERE = "put or link it there, or change cells.source.files"

    rule read_tracks:
        """Read the tracks of one cell from an FXYCMS file (one job per cell)."""
        message:
            "Read the tracks of {wildcards.cell}"
        input:
            lambda wildcards: io.existing(CELLS[wildcards.cell], PUT_THERE),
        output:
            RUN / "cells/tracks/{cell}.nc",
        params:
            frame_interval_s=SOURCE.frame_interval_s,
            pixel_nm=SOURCE.pixel_nm,
            code=code("read_tracks"),
        log:
            LOGS / "read_tracks/{cell}.log",
        benchmark:
            BENCHMARKS / "read_tracks/{cell}.tsv"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        conda:
            "../envs/core.yaml"
        script:
            "../scripts/read_tracks.py"


rule assemble_dataset:
    """Gather the tracks of all cells into one table of fixed-length samples."""
    message:
        "Assemble the data set of {wildcards.study}"
    input:
        expand(RUN / "cells/tracks/{cell}.nc", cell=CELLS),
    output:
        RUN / "{study}/dataset.nc",
    params:
        dataset=settings.cells.model_dump(exclude={"source", "scaling"}),
        seed=seed("assemble_dataset"),
        code=code("assemble_dataset"),
    log:
        LOGS / "assemble_dataset/{study}.log",
    benchmark:
        BENCHMARKS / "assemble_dataset/{study}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
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
        splits=settings.splits.model_dump(include={"test", "select"}),
        scaling=settings.cells.scaling,
        seed=settings.seed,
        code=code("split_dataset"),
    log:
        LOGS / "split_dataset/{study}-{split}.log",
    benchmark:
        BENCHMARKS / "split_dataset/{study}-{split}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/split_dataset.py"
