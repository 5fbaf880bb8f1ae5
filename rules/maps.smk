"""Convergence maps: simulated or read, tiled, measured, and what they tell."""

UNIVERSE = settings.maps.source.kind == "simulated"
MAP = settings.maps.source
SKY = RUN / "maps/maps.nc"
MAP_TARGET = RUN / "maps/split0/{target}"
MAP_SEED = MAP_TARGET / "seed{seed}"
STATISTICS = RUN / "maps/statistics/{statistic}.nc"
INFERRED = RUN / "maps/inferred/{statistic}.nc"
MAP_FIGURES = RUN / "figures/maps"
# Whose posteriors are drawn.
TELLING = [
    name for name in ("spectrum", "laplace", "starlet") if name in settings.maps.methods
] or settings.maps.methods[:3]
# The box of the parameters, where it is known.
BOX = (
    [getattr(MAP, name) for name in settings.maps.targets]
    if UNIVERSE and set(settings.maps.targets) <= {"omega_m", "sigma_8"}
    else None
)


if UNIVERSE:

    rule simulate_maps:
        """Evolve one universe and look through it (one job per initial condition)."""
        message:
            "Simulate the maps of {wildcards.cosmology}, {wildcards.condition}"
        output:
            RUN / "maps/shards/{cosmology}-{condition}.nc",
        params:
            cosmology=universe,
            names=shard_names,
            simulator=MAP.model_dump(
                include={"maps", "pixels", "degrees", "particles", "box", "z_source"}
            )
            | {"mesh": MAP.mesh * MAP.particles},
            seed=shard_seed,
            code=code("simulate_maps"),
        log:
            LOGS / "simulate_maps/{cosmology}-{condition}.log",
        benchmark:
            BENCHMARKS / "simulate_maps/{cosmology}-{condition}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(20),
        conda:
            "../envs/maps.yaml"
        # The longest chain of the default: it does not wait for the cells.
        priority: 1
        script:
            "../scripts/simulate_maps.py"


rule tile_maps:
    """Gather all maps: block means, noise, tiles, and which of them train and test."""
    message:
        "Tile the maps"
    input:
        map_files(),
    output:
        SKY,
    params:
        source=MAP.model_dump(),
        pixel_arcmin=MAP.pixel_arcmin,
        tiling=settings.maps.model_dump(
            include={
                "targets",
                "size",
                "tile",
                "stride",
                "galaxies",
                "smoothing_arcmin",
                "nan",
            }
        ),
        seed=seed("tile_maps"),
        code=code("tile_maps"),
    log:
        LOGS / "tile_maps.log",
    benchmark:
        BENCHMARKS / "tile_maps.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(60),
    conda:
        "../envs/maps.yaml"
    # The longest chain of the default: it does not wait for the cells.
    priority: 1
    script:
        "../scripts/tile_maps.py"


rule check_maps:
    """Power against theory, skewness and peaks of the maps of every cosmology."""
    message:
        "Check the maps"
    input:
        maps=SKY,
        compare=[settings.maps.compare.file] if settings.maps.compare else [],
    output:
        RUN / "maps/realism.csv",
    params:
        z_source=MAP.z_source if UNIVERSE else None,
        pixel_arcmin=settings.maps.compare and settings.maps.compare.pixel_arcmin,
        code=code("check_maps"),
    log:
        LOGS / "check_maps.log",
    benchmark:
        BENCHMARKS / "check_maps.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(20),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/check_maps.py"


rule measure_maps:
    """One statistic of all maps (one job per statistic)."""
    message:
        "Measure {wildcards.statistic}"
    input:
        SKY,
    output:
        STATISTICS,
    params:
        code=code("measure_maps"),
    log:
        LOGS / "measure_maps/{statistic}.log",
    benchmark:
        BENCHMARKS / "measure_maps/{statistic}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(30),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/measure_maps.py"


rule infer_cosmology:
    """Every head on one statistic: fitted to the training maps, read on the test maps."""
    message:
        "Infer the cosmology from {wildcards.statistic}"
    input:
        features=STATISTICS,
        maps=SKY,
    output:
        INFERRED,
    params:
        bounds=BOX,
        code=code("infer_cosmology"),
    log:
        LOGS / "infer_cosmology/{statistic}.log",
    benchmark:
        BENCHMARKS / "infer_cosmology/{statistic}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/infer_cosmology.py"


rule score_cosmology:
    """RMSE of every statistic and head, with intervals, and paired differences."""
    message:
        "Score the statistics"
    input:
        expand(INFERRED, statistic=settings.maps.methods),
    output:
        scores=RUN / "maps/cosmology.csv",
        differences=RUN / "maps/cosmology_differences.csv",
    params:
        draws=settings.evaluation.draws,
        seed=seed("score_cosmology"),
        code=code("score_cosmology"),
    log:
        LOGS / "score_cosmology.log",
    benchmark:
        BENCHMARKS / "score_cosmology.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/score_cosmology.py"


rule tabulate_cosmology:
    """The table of all statistics that need no network, as CSV, LaTeX and Markdown."""
    message:
        "Tabulate the statistics"
    input:
        RUN / "maps/cosmology.csv",
    output:
        csv=RUN / "table_cosmology.csv",
        tex=RUN / "table_cosmology.tex",
        md=RUN / "table_cosmology.md",
    params:
        code=code("tabulate_cosmology"),
    log:
        LOGS / "tabulate_cosmology.log",
    benchmark:
        BENCHMARKS / "tabulate_cosmology.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/tabulate_cosmology.py"


rule plot_maps:
    """Maps of some cosmologies, from low to high matter density."""
    message:
        "Plot the maps"
    input:
        SKY,
    output:
        report(
            MAP_FIGURES / "maps.png",
            caption="captions/maps.rst",
            category="maps",
            labels={"target": "all", "figure": "maps"},
        ),
        MAP_FIGURES / "maps.pdf",
        MAP_FIGURES / "maps.csv",
    params:
        code=code("plot_maps"),
    log:
        LOGS / "plot_maps.log",
    benchmark:
        BENCHMARKS / "plot_maps.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/plot_maps.py"


rule plot_peaks:
    """Mean peak histograms of every cosmology."""
    message:
        "Plot the peaks"
    input:
        SKY,
    output:
        report(
            MAP_FIGURES / "peaks.png",
            caption="captions/peaks.rst",
            category="maps",
            labels={"target": "all", "figure": "peaks"},
        ),
        MAP_FIGURES / "peaks.pdf",
        MAP_FIGURES / "peaks.csv",
    params:
        code=code("plot_peaks"),
    log:
        LOGS / "plot_peaks.log",
    benchmark:
        BENCHMARKS / "plot_peaks.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/plot_peaks.py"


rule plot_inferred:
    """Predicted against true matter density, a panel a statistic."""
    message:
        "Plot what was inferred"
    input:
        expand(INFERRED, statistic=settings.maps.methods),
    output:
        report(
            MAP_FIGURES / "inferred.png",
            caption="captions/inferred.rst",
            category="maps",
            labels={"target": "all", "figure": "inferred"},
        ),
        MAP_FIGURES / "inferred.pdf",
        MAP_FIGURES / "inferred.csv",
    params:
        code=code("plot_inferred"),
    log:
        LOGS / "plot_inferred.log",
    benchmark:
        BENCHMARKS / "plot_inferred.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/plot_inferred.py"


rule plot_posterior:
    """The posterior over the box for some test maps."""
    message:
        "Plot posteriors"
    input:
        maps=SKY,
        features=expand(STATISTICS, statistic=TELLING),
    output:
        report(
            MAP_FIGURES / "posterior.png",
            caption="captions/posterior.rst",
            category="maps",
            labels={"target": "all", "figure": "posterior"},
        ),
        MAP_FIGURES / "posterior.pdf",
        MAP_FIGURES / "posterior.csv",
    params:
        bounds=BOX,
        code=code("plot_posterior"),
    log:
        LOGS / "plot_posterior.log",
    benchmark:
        BENCHMARKS / "plot_posterior.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/plot_posterior.py"


rule plot_realism:
    """Power over theory, skewness and peaks of the maps."""
    message:
        "Plot how real the maps are"
    input:
        RUN / "maps/realism.csv",
    output:
        report(
            MAP_FIGURES / "realism.png",
            caption="captions/realism.rst",
            category="maps",
            labels={"target": "all", "figure": "realism"},
        ),
        MAP_FIGURES / "realism.pdf",
        MAP_FIGURES / "realism.csv",
    params:
        code=code("plot_realism"),
    log:
        LOGS / "plot_realism.log",
    benchmark:
        BENCHMARKS / "plot_realism.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/plot_realism.py"


rule tabulate_published_maps:
    """The published statistics by the published rule, beside the published values."""
    message:
        "Set the published values beside the maps'"
    input:
        maps=SKY,
        wavelets=every(MAP_SEED / "wavelets.nc", study="maps")[:1] if TAUGHT else [],
        scores=[RUN / "scores.csv"] if TAUGHT else [],
    output:
        RUN / "table_published_maps.csv",
        RUN / "table_published_maps.tex",
        RUN / "table_published_maps.md",
    params:
        code=code("tabulate_published_maps"),
    log:
        LOGS / "tabulate_published_maps.log",
    benchmark:
        BENCHMARKS / "tabulate_published_maps.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(30),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/tabulate_published_maps.py"
