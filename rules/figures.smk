"""All figures: a row each. Rule, script, function, log and caption share its name."""

from functools import partial

# The questions that figures answer; Snakemake's report shows them by these, in the order
# of their numbers.
BETTER = "1 Better than what needs no network?"
AS_GOOD = "2 As good as its network?"
OWES = "3 Does the filter owe this to the network?"
READS = "4 What does the student read?"
ALONE = "5 What do maps say without a network?"
SAMPLES = "6 What are the data?"


class Figure(NamedTuple):
    """A figure of every target of a study, or of a whole study, or of neither."""

    question: str  # that it answers
    shows: str
    reads: dict
    params: dict = {}
    environment: str = "core"
    memory: tuple = (1000, 0)  # MB, and more for every MB that is read
    folder: Path = FIGURES
    labels: tuple = ("{study}", "{target}")
    more: list = []  # files beside PNG, PDF and CSV


def of_all(study, environment):
    """Figures of a whole study, of no single target."""
    folder, labels = RUN / f"figures/{study}", (study, "all")
    return partial(Figure, folder=folder, labels=labels, environment=environment)


OfCells, OfMaps = of_all("cells", "core"), of_all("maps", "maps")
MapFigure = partial(Figure, environment="maps")
SCORES = {"scores": RUN / "scores.csv"}
WAVELETS = {"wavelets": each(SEED / "wavelets.nc")}
STUDENTS = {"students": each(SEED / "students.nc")}
BASELINES = {"baselines": each(TARGET / "baselines.nc")}
HISTORIES = {"histories": each(SEED / "history.csv")}
DRAWN = {
    "scores": Figure(
        BETTER, "R2 of every method with its interval, controls in grey.", SCORES
    ),
    "fidelity": Figure(
        AS_GOOD, "Agreement with the network, and R2 less the network's.", STUDENTS
    ),
    "parameters": Figure(BETTER, "R2 of every method against its parameters.", SCORES),
    "predictions": Figure(BETTER, "Predicted against observed.", STUDENTS | BASELINES),
    "learning": Figure(
        AS_GOOD, "Learning curves of the networks.", HISTORIES, {"kinds": kinds}
    ),
}
if settings.cells or settings.own:

    def of_first(path):
        """A file of the first split and seed, whose student is looked at."""

        def file(wildcards):
            seeds = STUDIES[wildcards.study].wildcards["seed"]
            return str(path).format(split=0, seed=seeds[0], **wildcards)

        return file

    def reader(name):
        return lambda wildcards: STUDIES[wildcards.study].reader[name]

    METHOD = {"method": lambda wildcards: STUDIES[wildcards.study].exported}
    READ = {
        "samples": of_first(SPLIT / "samples.nc"),
        "outputs": of_first(SEED / "outputs.nc"),
        "wavelets": of_first(SEED / "wavelets.nc"),
    }
    READER = METHOD | {name: reader(name) for name in ("student", "windows")}
    DRAWN |= {
        "wavelet": Figure(
            OWES, "Scaling and wavelet functions over db5.", WAVELETS, METHOD
        ),
        "filters": Figure(OWES, "Filters of all networks and controls.", WAVELETS),
        "choice": Figure(OWES, "How length and levels were chosen.", WAVELETS, METHOD),
        "filter_path": Figure(OWES, "Filters from sparsity to attribution.", WAVELETS),
        "soft_path": Figure(OWES, "How filters of the soft losses drift.", WAVELETS),
        "reading": Figure(READS, "What the student reads in traces.", READ, READER),
        "curves": Figure(READS, "The student's head, a curve a number.", READ, READER),
    }
if settings.cells:
    TRACKED = {"tracks": TRACKS}
    DRAWN |= {
        "labels_worth": Figure(
            BETTER,
            "R2 by the number of own labels, and of a network without any.",
            {"scores": WORTH / "scores.csv"},
        ),
        "quality": OfCells(
            SAMPLES, "Drift, light, false spots, shift of cells.", TRACKED
        ),
        "lifetimes": OfCells(SAMPLES, "Lifetimes of all tracks by class.", TRACKED),
        "cohorts": OfCells(
            SAMPLES, "Mean intensities of tracks of like lifetimes.", TRACKED
        ),
        "traces": OfCells(
            SAMPLES, "Example tracks, with what is significant.", TRACKED
        ),
    }
    if MOVING:
        SEEN = TRACKED | {"movies": sum(movie_files().values(), [])}
        ALL = SEEN | STUDENTS | WAVELETS
        OPENING = {"movies": by_cell}
        DRAWN |= {
            "tracking": OfCells(
                SAMPLES, "Spots, tracks, and a kymograph.", SEEN, OPENING
            ),
            "pipeline": Figure(
                READS, "The whole way, with a pit.", ALL, OPENING | METHOD
            ),
        }
if settings.maps:
    MAPS = {"maps": SKY}
    # Three statistics that differ, or the first three.
    few = [n for n in ("spectrum", "laplace", "starlet") if n in CALLED]
    FEW = expand(STATISTICS, statistic=few or [*CALLED][:3])
    EVERY = {"inferred": expand(INFERRED, statistic=CALLED)}
    EVERY["students"] = every(SEED / "students.nc", study="maps") if TAUGHT else []
    REALISM = {"realism": RUN / "maps/realism.csv"}
    OUTPUTS = {"outputs": each(SEED / "outputs.nc")}
    BANK = {"bank": RUN / "maps/bank/symmetric.nc"}
    if settings.maps.observed:
        SAID = {"table": OBSERVED / "posterior.csv"}
        SAID |= {"chains": expand(OBSERVED / "{of}.npz", of=ASKED)}
        DRAWN["observed"] = OfMaps(
            ALONE, "What statistics say of the observed map.", SAID
        )
    DRAWN |= {
        "maps": OfMaps(SAMPLES, "Maps of some cosmologies, by matter density.", MAPS),
        "peaks": OfMaps(
            SAMPLES, "Mean peak histograms of cosmologies.", MAPS, memory=(1500, 0)
        ),
        "inferred": OfMaps(ALONE, "Predicted against true parameters.", EVERY),
        "posterior": OfMaps(
            ALONE,
            "The posterior over the box.",
            MAPS | {"features": FEW},
            {"bounds": BOX},
        ),
        "realism": OfMaps(SAMPLES, "Power over theory, skewness and peaks.", REALISM),
        "steps": MapFigure(
            READS,
            "The method in one row.",
            MAPS | WAVELETS | STUDENTS,
            memory=(2000, 0),
        ),
        "families": MapFigure(OWES, "Fidelity along every family.", WAVELETS),
        "patches": MapFigure(OWES, "The chosen filters as images.", WAVELETS),
        "masks": MapFigure(
            READS,
            "What counts in a map.",
            MAPS | WAVELETS | OUTPUTS,
            memory=(1500, 0.5),
        ),
        "adapting": MapFigure(
            OWES,
            "From the starlet's wavelet to the chosen one; also as a GIF.",
            WAVELETS | BANK,
            more=[FIGURES / "adapting.gif"],
        ),
    }
if settings.recovery:
    DRAWN["recovery"] = Figure(
        OWES,
        "Distance from the truth for every way, and as it gets harder.",
        {"recovery": RECOVERY / "recovery.csv"},
        folder=RUN / "figures",
        labels=("recovery", "wavelet"),
    )


for name, figure in DRAWN.items():
    job = Path(f"plot_{name}", "{study}-{target}" * (figure.folder == FIGURES))

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
                subcategory=figure.question,
                labels={"figure": name.replace("_", " "), "target": figure.labels[1]},
            ),
            figure.folder / f"{name}.pdf",
            figure.folder / f"{name}.csv",
            *figure.more,
        params:
            **runs(f"plot_{name}"),
            **figure.params,
        log:
            RUN / f"logs/{job}.log",
        benchmark:
            RUN / f"benchmarks/{job}.tsv"
        threads: 1
        resources:
            **grows(figure.memory[0], 30, figure.memory[1]),
        conda:
            f"../envs/{figure.environment}.yaml"
        script:
            "../scripts/{params.script}.py"

    # A rule's own docstring must be literal text: here it is the row's.
    [*workflow.rules][-1].docstring = figure.shows
