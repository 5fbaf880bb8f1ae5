"""All figures: a row each. Rule, script, function, log and caption share its name."""


class Figure(NamedTuple):
    """A figure of every target of a study, or of a whole study, or of neither."""

    shows: str
    reads: dict
    params: dict = {}
    environment: str = "core"
    memory: tuple = (1000, 0)  # MB, and more for every MB that is read
    folder: Path = FIGURES
    labels: tuple = ("{study}", "{target}")
    more: list = []  # files beside PNG, PDF and CSV


def overall(study, environment):
    """What the figures of a whole study share."""
    folder, labels = RUN / f"figures/{study}", (study, "all")
    return {"folder": folder, "labels": labels, "environment": environment}


def caption(name):
    """The text under a figure, in our own report as in Snakemake's."""
    return (ROOT / f"rules/captions/{name}.rst").read_text()


WAVELETS = {"wavelets": each(SEED / "wavelets.nc")}
STUDENTS = {"students": each(SEED / "students.nc")}
DRAWN = {}
if STUDIES:
    SCORES = {"scores": RUN / "scores.csv"}
    DRAWN |= {
        "scores": Figure("R2 of every method with its interval, controls grey.", SCORES),
        "fidelity": Figure("Fidelity to the teacher against R2 of wavelets.", SCORES),
        "predictions": Figure(
            "Predicted against observed on the test groups of all splits.",
            STUDENTS | {"baselines": each(TARGET / "baselines.nc")},
        ),
        "learning": Figure(
            "Learning curves of the networks that learn the target.",
            {"histories": each(SEED / "history.csv")},
            {"controls": contracts.CONTROLS},
        ),
    }
if settings.cells:
    METHOD = {"method": DISTILLED}
    DRAWN |= {
        "wavelet": Figure(
            "Distilled scaling and wavelet functions over those of db5.", WAVELETS, METHOD
        ),
        "filters": Figure("Filters of all networks and controls.", WAVELETS),
        "choice": Figure("How length and levels were chosen.", WAVELETS, METHOD),
        "filter_path": Figure(
            "Filters along the ratio of attribution to sparsity, and the one chosen.",
            WAVELETS,
        ),
        "soft_path": Figure(
            "How filters of the paper's losses drift with the attribution weight.",
            WAVELETS,
        ),
        "reading": Figure(
            "What the student reads in three example traces.",
            {
                "samples": RUN / "{study}/split0/samples.nc",
                "wavelets": RUN
                / "{study}/split0/{target}"
                / f"seed{settings.cells.teacher.seeds[0]}/wavelets.nc",
            },
            STUDENT | METHOD,
        ),
    }
    of_cells = overall("cells", "core")
    TRACKED = {"tracks": TRACKS}
    DRAWN |= {
        "lifetimes": Figure("Lifetimes of all tracks by class.", TRACKED, **of_cells),
        "cohorts": Figure(
            "Mean intensities of tracks of like lifetimes.", TRACKED, **of_cells
        ),
        "traces": Figure("Example tracks, with what is significant.", TRACKED, **of_cells),
    }
    if MOVING:
        SEEN = TRACKED | {"movies": sum(movie_files().values(), [])}
        OPENING = {"files": by_cell, "movie": OPENED}
        DRAWN |= {
            "tracking": Figure(
                "Spots of a frame, tracks over the maximum, and a kymograph.",
                SEEN,
                OPENING,
                **of_cells,
            ),
            "pipeline": Figure(
                "The whole way in one figure, with a pit of the run in it.",
                SEEN | STUDENTS | WAVELETS,
                OPENING | METHOD,
            ),
        }
if settings.maps:
    MAPS = {"maps": SKY}
    of_maps = overall("maps", "maps")
    # Three statistics that differ, or the first three.
    few = [n for n in ("spectrum", "laplace", "starlet") if n in settings.maps.methods]
    few = few or settings.maps.methods[:3]
    DRAWN |= {
        "maps": Figure("Maps of some cosmologies, by matter density.", MAPS, **of_maps),
        "peaks": Figure(
            "Mean peak histograms of every cosmology.", MAPS, memory=(1500, 0), **of_maps
        ),
        "inferred": Figure(
            "Predicted against true matter density, a panel a statistic.",
            {"inferred": expand(INFERRED, statistic=settings.maps.methods)},
            **of_maps,
        ),
        "posterior": Figure(
            "The posterior over the box for some test maps.",
            MAPS | {"features": expand(STATISTICS, statistic=few)},
            {"bounds": BOX},
            **of_maps,
        ),
        "realism": Figure(
            "Power over theory, skewness and peaks of the maps.",
            {"realism": RUN / "maps/realism.csv"},
            **of_maps,
        ),
        "steps": Figure(
            "The method in one row: map, network, filter, coefficients, student.",
            MAPS | WAVELETS | STUDENTS,
            environment="maps",
            memory=(2000, 0),
        ),
        "families": Figure(
            "Fidelity along every family: what each source asks for.",
            WAVELETS,
            environment="maps",
        ),
        "patches": Figure(
            "The chosen filters as images.", WAVELETS, environment="maps"
        ),
        "masks": Figure(
            "What matters in a map: to the network, and to the wavelet.",
            MAPS | WAVELETS | {"outputs": each(SEED / "outputs.nc")},
            environment="maps",
            memory=(1500, 0.5),
        ),
        "adapting": Figure(
            "The wavelet on its way from the starlet's to the chosen one; also a GIF.",
            WAVELETS | {"bank": RUN / "maps/bank/symmetric.nc"},
            environment="maps",
            more=[FIGURES / "adapting.gif"],
        ),
    }
if settings.recovery:
    DRAWN["recovery"] = Figure(
        "Distance from the truth for every way, and as it gets harder.",
        {"recovery": RECOVERY / "recovery.csv"},
        folder=RUN / "figures",
        labels=("recovery", "wavelet"),
    )


for name, figure in DRAWN.items():
    of_target = "/{study}-{target}" if figure.folder == FIGURES else ""

    rule:
        name:
            f"plot_{name}"
        message:
            "{rule} {wildcards}"
        input:
            **figure.reads,
        output:
            report(
                figure.folder / f"{name}.png",
                caption=f"captions/{name}.rst",
                category=figure.labels[0],
                labels={"target": figure.labels[1], "figure": name.replace("_", " ")},
            ),
            figure.folder / f"{name}.pdf",
            figure.folder / f"{name}.csv",
            *figure.more,
        params:
            **runs(f"plot_{name}"),
            **figure.params,
        log:
            RUN / f"logs/plot_{name}{of_target}.log",
        benchmark:
            RUN / f"benchmarks/plot_{name}{of_target}.tsv"
        threads: 1
        resources:
            **grows(figure.memory[0], 10, figure.memory[1]),
        conda:
            f"../envs/{figure.environment}.yaml"
        script:
            "../scripts/{params.script}.py"

    # A rule's own docstring must be literal text: here it is the row's.
    [*workflow.rules][-1].docstring = figure.shows
