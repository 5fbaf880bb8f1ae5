"""Convergence maps, simulated or read: samples, statistics, banks of filters."""

MAP = settings.maps.source
TAUGHT = settings.maps.teacher
UNIVERSE = MAP.kind == "simulated"
SHARD = RUN / "maps/shards/{cosmology}-{condition}.nc"
SKY = RUN / "maps/split0/samples.nc"
MAP_TARGET = RUN / "maps/split0/{target}"
STATISTICS = RUN / "maps/statistics/{statistic}.nc"
INFERRED = RUN / "maps/inferred/{statistic}.nc"
SHELF = RUN / "maps/bank/{family}.nc"
FAMILIES = settings.maps.distil.families
# Where maps may be left out, those that were.
SKIPPING = not UNIVERSE and MAP.bad_map == "skip"
LEFT_OUT = [RUN / "maps/left_out.csv"] * SKIPPING
# Fixed filters stand in the league beside the distilled ones, other statistics apart.
CALLED = settings.maps.statistics  # by what files and results call them
FIXED = [name for name in CALLED if name in FIXED_FILTERS]
OTHERS = [name for name in CALLED if name not in FIXED]
# The box of the parameters, where it is known.
BOX = (
    [getattr(MAP, name) for name in settings.maps.targets]
    if UNIVERSE and set(settings.maps.targets) <= {"omega_m", "sigma_8"}
    else None
)
SURVEYED = ["maps", "peaks", "inferred", "posterior", "realism"]
SURVEYED += ["observed"] * bool(settings.maps.observed)

if TAUGHT:
    lattices = [
        OURS if family == FAMILIES[0] else f"{OURS}_{family}"
        for family in FAMILIES
        if family.startswith("lattice")
    ]
    STUDIES["maps"] = Study(
        wildcards={
            "split": [0],
            "target": settings.maps.scored or settings.maps.targets[:1],
            "seed": TAUGHT.seeds,
        },
        steps="awd.maps.study",
        networks=["resnet", "untrained"]
        + [f"untrained_{k}" for k in range(1, TAUGHT.untrained)],
        settings={
            "train_teacher": TAUGHT.model_dump(
                exclude={"seeds", "untrained", "shifts"}
            ),
            "ask_teacher": {
                "train": settings.maps.distil.train,
                "shifts": TAUGHT.shifts,
            },
            "distil_wavelet": {"bounds": BOX, "draws": settings.maps.distil.draws},
            "predict_students": {
                "bounds": BOX,
                "covariance": settings.maps.covariance,
            },
            "predict_baselines": {},
        },
        more={
            "distil_wavelet": {
                "banks": expand(SHELF, family=FAMILIES),
                "soft": [MAP_TARGET / "seed{seed}/soft.nc"]
                * bool(settings.maps.distil.soft),
            },
            "predict_students": {
                "features": expand(STATISTICS, statistic=FIXED),
                "inferred": expand(INFERRED, statistic=FIXED),
            },
            "predict_baselines": {"inferred": expand(INFERRED, statistic=OTHERS)},
        },
        exported=lattices[0] if lattices else None,
        figures=["steps", "scores", "parameters", "fidelity", "predictions", "learning"]
        + ["families", "patches", "masks"]
        + ["adapting"] * ("symmetric" in FAMILIES),
        overall=SURVEYED,
        # The seeds of the first release: maps had no splits then, so nothing of it moves.
        seeds={
            "train_teacher": ("train_resnet", ["target", "seed"]),
            "distil_wavelet": ("distil_maps", ["target", "seed"]),
        },
    )
MEANINGS["maps"] = {
    "targets": {
        name: f"{long_name(name)}, from a map of convergence"
        for name in settings.maps.scored or settings.maps.targets
    },
    "samples": "maps",
    "groups": (
        f"initial conditions, {MAP.test} a cosmology" if UNIVERSE else "realisations"
    ),
    "data": "simulated maps" if UNIVERSE else "read maps",
    "note": (
        "The cosmologies were trained on, in other initial conditions."
        if UNIVERSE
        else ""
    ),
}


use rule job as map_job with:
    """What every rule on maps has: the environment in which maps are read."""
    conda:
        "../envs/maps.yaml"


if UNIVERSE:

    use rule map_job as simulate_maps with:
        """Evolve the universes of one cosmology and look through them."""
        output:
            expand(SHARD, condition=MAP.conditions(), allow_missing=True),
        params:
            **runs("simulate_maps"),
            # Not the parameters: drawing them costs planning half a second.
            drawn=MAP.model_dump(include={"omega_m", "sigma_8"})
            | {"seed": settings.seed},
            names=lambda w: MAP.shards(w.cosmology),
            simulator=MAP.model_dump(
                include={"maps", "pixels", "degrees", "particles", "box", "z_source"}
            )
            | {"mesh": MAP.mesh * MAP.particles},
            # What trains is shared by all cosmologies: the seed is of the group.
            seeds=lambda w: [
                provenance.derive_seed(settings.seed, "simulate_maps", names["group"])
                for names in MAP.shards(w.cosmology)
            ],
        resources:
            **grows(1500, 30 * len(MAP.conditions())),
        pathvars:
            job="simulate_maps/{cosmology}",
        # The longest chain of the default: it does not wait for the cells.
        priority: 1


use rule map_job as tile_maps with:
    """Gather all maps: block means, noise, tiles, and which of them train and test."""
    input:
        maps=map_files(),
        mask=mask_file(settings.maps, "maps.mask"),
    output:
        samples=SKY,
        left_out=LEFT_OUT,
    params:
        **runs("tile_maps"),
        source=MAP.model_dump(),
        pixel_arcmin=MAP.pixel_arcmin,
        tiling=settings.maps.model_dump(
            include={
                *("targets", "size", "tile", "stride"),
                *("galaxies", "ellipticity", "smoothing_arcmin", "nan"),
            }
        ),
        methods={
            "names": settings.maps.methods,
            **settings.maps.model_dump(include={"bins", "covariance"}),
        },
        seed=seed("tile_maps"),
    resources:
        **grows(1000, 60),
    pathvars:
        job="tile_maps",
    # The longest chain of the default: it does not wait for the cells.
    priority: 1


use rule map_job as check_maps with:
    """Power against theory, skewness and peaks of the maps of every cosmology."""
    input:
        maps=SKY,
        compare=[settings.maps.compare.file] if settings.maps.compare else [],
    output:
        RUN / "maps/realism.csv",
    params:
        **runs("check_maps"),
        z_source=MAP.z_source if UNIVERSE else None,
        pixel_arcmin=settings.maps.compare and settings.maps.compare.pixel_arcmin,
    pathvars:
        job="check_maps",


use rule map_job as measure_maps with:
    """One statistic of all maps (one job per statistic)."""
    input:
        SKY,
        code=lambda wildcards: brought(registry.files([CALLED[wildcards.statistic]])),
    output:
        STATISTICS,
    params:
        **runs("measure_maps"),
        named=lambda wildcards: CALLED[wildcards.statistic],
        bins=settings.maps.bins,
    pathvars:
        job="measure_maps/{statistic}",


use rule map_job as infer_cosmology with:
    """Every head on one statistic: fitted to the training maps, read on the test maps."""
    input:
        features=STATISTICS,
        maps=SKY,
    output:
        INFERRED,
    params:
        **runs("infer_cosmology"),
        bounds=BOX,
        covariance=settings.maps.covariance,
    pathvars:
        job="infer_cosmology/{statistic}",


use rule map_job as score_cosmology with:
    """RMSE of every statistic and head, with intervals, and paired differences."""
    input:
        expand(INFERRED, statistic=CALLED),
    output:
        scores=RUN / "maps/cosmology.csv",
        differences=RUN / "maps/cosmology_differences.csv",
        coverage=RUN / "maps/coverage.csv",
    params:
        **runs("score_cosmology"),
        draws=settings.evaluation.draws,
        seed=seed("score_cosmology"),
    pathvars:
        job="score_cosmology",


use rule map_job as tabulate_cosmology with:
    """The tables of all statistics that need no network, as CSV, LaTeX and Markdown."""
    input:
        scores=RUN / "maps/cosmology.csv",
        coverage=RUN / "maps/coverage.csv",
    output:
        scores=table(RUN / "table_cosmology"),
        coverage=table(RUN / "table_coverage"),
    params:
        **runs("tabulate_cosmology"),
    pathvars:
        job="tabulate_cosmology",


use rule map_job as tabulate_published_maps with:
    """The published statistics by the published rule, beside the published values."""
    input:
        maps=SKY,
        wavelets=every(SEED / "wavelets.nc", study="maps")[:1] if TAUGHT else [],
        scores=[RUN / "scores.csv"] if TAUGHT else [],
    output:
        table(RUN / "table_published_maps"),
    params:
        **runs("tabulate_published_maps"),
    pathvars:
        job="tabulate_published_maps",


if settings.maps.observed:
    OBSERVED = RUN / "maps/observed"
    # What is asked of it: every statistic, and the filter that we stand for.
    ASKED = [*CALLED, *([OURS] if TAUGHT else [])]
    RESULTS["Observed map"] = f"{RUN}/table_observed.csv"

    use rule map_job as infer_observed with:
        """Posterior, chains, goodness of fit and vectors of an observed map."""
        input:
            maps=SKY,
            observed=brought(
                [
                    io.existing(file, "put or link it there (maps.observed.files)")
                    for file in settings.maps.observed.files
                ]
            ),
            mask=mask_file(settings.maps.observed, "maps.observed.mask"),
            code=brought(registry.files(CALLED.values())),
            wavelets=every(SEED / "wavelets.nc", study="maps")[:1] if TAUGHT else [],
        output:
            table=OBSERVED / "posterior.csv",
            page=table(RUN / "table_observed"),
            chains=expand(
                OBSERVED / "{statistic}.{kind}",
                statistic=ASKED,
                kind=["npz", "txt", "paramnames", "ranges"]
                + ["data.txt", "covariance.txt"],
            ),
        params:
            **runs("infer_observed"),
            **settings.maps.model_dump(include={"bins", "covariance"}),
            methods=CALLED,
            bounds=BOX,
            pixel_arcmin=settings.maps.observed.pixel_arcmin,
            seed=seed("infer_observed"),
        resources:
            **grows(1500, 60),
        pathvars:
            job="infer_observed",


if TAUGHT:

    use rule map_job as make_bank with:
        """What a student reads through every filter of a family (one job per family)."""
        input:
            SKY,
        output:
            SHELF,
        params:
            **runs("make_bank"),
            **settings.maps.distil.model_dump(include={"candidates", "train", "select"}),
            seed=seed("make_bank"),
        resources:
            **grows(1500, 60, per_mb=0.5),
        pathvars:
            job="make_bank/{family}",

    use rule map_job as describe_filters with:
        """Taps of every filter, what its choice gained, and its symmetry."""
        input:
            expand(
                MAP_TARGET / "seed{seed}/wavelets.nc",
                seed=TAUGHT.seeds,
                allow_missing=True,
            ),
        output:
            MAP_TARGET / "filters.csv",
        params:
            **runs("describe_filters"),
        pathvars:
            job="describe_filters/{target}",


if TAUGHT and settings.maps.distil.soft:

    use rule job as distil_softly with:
        """The paper's soft losses on the maps of the bank, at every pair of weights."""
        input:
            maps=SKY,
            outputs=MAP_TARGET / "seed{seed}/outputs.nc",
        output:
            MAP_TARGET / "seed{seed}/soft.nc",
        params:
            **runs("distil_softly"),
            weights=settings.maps.distil.soft.model_dump(),
            seed=seed("distil_softly"),
        resources:
            **grows(2000, 240, per_mb=0.5),
        conda:
            "../envs/torch.yaml"
        pathvars:
            job="distil_softly/{target}-{seed}",
