"""Clathrin movies and tracks, simulated or read, and the samples of the cells study."""

SOURCE = settings.cells.source
SIMULATED = SOURCE.kind == "simulated_movies"
# Whether movies are tracked here.
MOVING = SOURCE.kind == "movies" or (SIMULATED and SOURCE.tracked)
MOVIES = RUN / "cells/movies"
EXPORTS = (".csv", ".xml", "_napari.csv")
TRACK = RUN / "cells/tracks/{cell}.nc"
TRACKS = expand(TRACK, cell=SOURCE.names())
# How the files of a cell are opened and read.
TOLD = SOURCE.told
PUT_THERE = "put or link them there, or change cells.source.files"
if settings.preset == "paper" and not MOVING:
    PUT_THERE += " (the tracks of the paper are not public: ask its authors)"
DISTILLED = registry.short(settings.cells.distil.objectives[0])
KINDS = [registry.short(kind) for kind in settings.cells.teacher.kinds]
STUDENT = student_of(settings.cells.student, honest=False)  # all is trained here
# Networks that did not see a fold; the teacher is the mean with them.
FOLDS = [f"{contracts.FOLD}{k}" for k in range(settings.cells.teacher.folds)]
# The published values stand beside a run of the published protocol on whole tracks.
PARITY = settings.preset == "paper" and "sig_mean" in settings.cells.targets

# Without targets there are tracks, and no study of them.
STUDIED = bool(settings.cells.targets)
CELLS = Study(
    wildcards={
        "split": range(settings.cells.splits.rotations),
        "target": settings.cells.targets,
        "seed": settings.cells.teacher.seeds,
    },
    steps="awd.study",
    networks=[*KINDS, *contracts.CONTROLS, *FOLDS],
    settings={
        "train_teacher": settings.cells.teacher.model_dump(exclude={"seeds", "folds"}),
        "ask_teacher": {},
        "distil_wavelet": {
            **settings.cells.distil.model_dump(),
            "features": without_statistics(STUDENT),
        },
        "predict_students": {
            **STUDENT,
            **settings.cells.baselines.model_dump(exclude={"models"}),
            "kinds": KINDS,
        },
        "predict_baselines": settings.cells.baselines.model_dump(include={"models"}),
    },
    more=own_code(settings.cells),
    exported=DISTILLED,
    figures=["pipeline"] * MOVING
    + ["scores", "parameters", "fidelity", "wavelet", "filters", "choice"]
    + [PATHS[name] for name in settings.cells.distil.objectives if name in PATHS]
    + ["reading", "curves"] * settings.cells.student.is_sum
    + ["predictions", "learning"]
    + ["labels_worth"] * bool(settings.cells.handed),
    overall=["tracking"] * MOVING + ["quality", "lifetimes", "cohorts", "traces"],
    reader=(
        {"student": STUDENT, "windows": settings.cells.windows}
        if settings.cells.student.is_sum
        else {}
    ),
    # The same samples are labelled whatever differs at the user's microscope.
    seeds={"hand_over": ("hand_over", ("study", "split", "target", "seed"))},
)
simulated = "simulated" if SOURCE.kind.startswith("simulate") else "read"
least = settings.cells.min_frames
MEANINGS["cells"] = {
    "targets": {
        of: meaning(of, settings.cells.shown()) for of in settings.cells.targets
    },
    "samples": "tracks",
    "groups": "cells",
    "data": f"{simulated} {'movies' if MOVING else 'tracks'}",
    "note": f"Tracks are whole, from start to end, and more than {least} frames long.",
}
if STUDIED:
    STUDIES["cells"] = CELLS
    if len(SOURCE.names()) < FEW_CELLS and workflow.is_main_process:
        print(
            f"cells: {len(SOURCE.names())} cells are fewer than {FEW_CELLS}, so the "
            "tiles of their fields are the groups of the splits",
            file=sys.stderr,
        )
# What there is without a network.
EXPORTED = RUN / "cells/exported"
SHOWN = [RUN / f"figures/cells/{name}.png" for name in CELLS.overall]
DELIVERED_TRACKS = [
    RUN / "tracks.html",
    *table(RUN / "table_tracks"),
    *expand(EXPORTED / "{cell}{kind}", cell=SOURCE.names(), kind=EXPORTS),
    *[path.with_suffix(kind) for path in SHOWN for kind in (".pdf", ".csv")],
]
# Scores of a network that is handed over (handed.smk).
WORTH = RUN / "cells/handed"


if SOURCE.kind == "simulate":

    use rule job as simulate_tracks with:
        """Simulate the two-channel tracks of one cell (one job per cell)."""
        output:
            TRACK,
        params:
            **runs("simulate_tracks"),
            preset=SOURCE.preset,
            tracks=SOURCE.tracks,
            labels=labels,
            seed=seed("simulate_tracks"),
        pathvars:
            job="simulate_tracks/{cell}",


if SIMULATED:

    use rule job as simulate_movie with:
        """Simulate the two movies of one cell, and their truth (one job per cell)."""
        output:
            master=MOVIES / "{cell}_master.ome.tif",
            slave=MOVIES / "{cell}_slave.ome.tif",
            truth=MOVIES / "{cell}_truth.nc",
        params:
            **runs("simulate_movie"),
            **SOURCE.model_dump(include={"preset", "frames", "size"}),
            seed=seed("simulate_movie"),
        pathvars:
            job="simulate_movie/{cell}",


if SIMULATED and not SOURCE.tracked:

    use rule job as read_truth with:
        """The true tracks of one cell, read with noise but without a tracker."""
        input:
            MOVIES / "{cell}_truth.nc",
        output:
            TRACK,
        params:
            **runs("read_truth"),
            preset=SOURCE.preset,
            labels=labels,
            seed=seed("read_truth"),
        pathvars:
            job="read_truth/{cell}",


if MOVING:

    use rule job as track_movie with:
        """Find, link and read out the pits of one cell (one job per cell)."""
        input:
            (
                [MOVIES / "{cell}_master.ome.tif", MOVIES / "{cell}_slave.ome.tif"]
                if SIMULATED
                else cell_files
            ),
        output:
            TRACK,
        params:
            **runs("track_movie"),
            movie=told,
            labels=labels,
            tracker={
                **settings.cells.tracker.model_dump(),
                **SOURCE.model_dump(include={"shift"}),
            },
            bad_cell=settings.cells.bad_cell,
        pathvars:
            job="track_movie/{cell}",


if not (MOVING or SOURCE.kind.startswith("simulate")):

    use rule job as read_tracks with:
        """Read the tracks of one cell that were made elsewhere (one job per cell)."""
        input:
            cell_files,
        output:
            TRACK,
        params:
            **runs("read_tracks"),
            kind=SOURCE.kind,
            source=told,
            labels=labels,
            bad_cell=settings.cells.bad_cell,
        pathvars:
            job="read_tracks/{cell}",


use rule job as check_cells with:
    """Quality of every cell: spots, noise, drift, bleaching, classes, warnings."""
    input:
        tracks=TRACKS,
        truths=expand(
            MOVIES / "{cell}_truth.nc", cell=SOURCE.names() if SIMULATED else []
        ),
    output:
        RUN / "cells/quality.csv",
    params:
        **runs("check_cells"),
    pathvars:
        job="check_cells",


use rule job as export_tracks with:
    """The tracks of one cell for other programs: table, TrackMate's XML, napari."""
    input:
        TRACK,
    output:
        table=EXPORTED / "{cell}.csv",
        trackmate=EXPORTED / "{cell}.xml",
        napari=EXPORTED / "{cell}_napari.csv",
    params:
        **runs("export_tracks"),
    pathvars:
        job="export_tracks/{cell}",


use rule job as report_tracks with:
    """What was tracked, without networks: tracks and quality of every cell, figures."""
    input:
        tracks=TRACKS,
        quality=RUN / "cells/quality.csv",
        figures=SHOWN,
    output:
        page=RUN / "tracks.html",
        table=table(RUN / "table_tracks"),
    params:
        **runs("report_tracks"),
        config=reading.dumped(settings),
        captions={path.stem: caption(path.stem) for path in SHOWN},
    pathvars:
        job="report_tracks",


rule tracks:
    """Only the tracks: of every cell for all programs, with quality and figures."""
    input:
        DELIVERED_TRACKS,


KEYS = {
    *("bad_cell", "targets", "min_frames", "min_seconds", "length", "windows"),
    *("tiles", "outcomes", "hotspots", "traces"),
}
ASSEMBLED = {
    "dataset": settings.cells.model_dump(include=KEYS),
    "least": contradictions.cells.least_cells(settings.cells, settings.seed),
}


use rule job as assemble_dataset with:
    """Gather the tracks of all cells into one table of fixed-length samples."""
    input:
        TRACKS,
    output:
        RUN / "{study}/dataset.nc",
    params:
        **runs("assemble_dataset"),
        **ASSEMBLED,
        shift="none",
        seed=seed("assemble_dataset"),
    pathvars:
        job="assemble_dataset/{study}",
    wildcard_constraints:
        study="cells",


use rule job as split_dataset with:
    """Split by group and scale with constants of the training groups."""
    input:
        RUN / "cells/dataset.nc",
    output:
        RUN / "cells/split{split}/samples.nc",
    params:
        **runs("split_dataset"),
        splits=settings.cells.splits.model_dump(
            include={"test", "select", "test_groups"}
        ),
        scaling=settings.cells.scaling,
        bucket_accuracy=settings.cells.bucket_accuracy,
        seed=settings.seed,
    pathvars:
        job="split_dataset/{split}",


if PARITY:

    use rule job as tabulate_published with:
        """Scores and counts of a run of the published protocol, beside the published."""
        input:
            scores=RUN / "scores.csv",
            tracks=TRACKS,
            data=RUN / "cells/split0/samples.nc",
        output:
            scores=table(RUN / "table_published"),
            counts=table(RUN / "table_published_counts"),
        params:
            **runs("tabulate_published"),
        pathvars:
            job="tabulate_published",
