"""What the network is worth that is handed over without its data."""

HANDED = settings.cells.handed


use rule assemble_dataset as assemble_shifted with:
    output:
        SHIFTED / "dataset.nc",
    params:
        **runs("assemble_dataset"),
        **ASSEMBLED,
        shift=lambda wildcards: wildcards.shift,
        seed=seed("assemble_shifted"),
    pathvars:
        job="assemble_dataset/shifted-{shift}",


use rule split_dataset as split_shifted with:
    input:
        SHIFTED / "dataset.nc",
    output:
        SHIFTED / "split{split}/samples.nc",
    pathvars:
        job="split_dataset/shifted-{shift}-{split}",


use rule job as hand_over with:
    """Hand a network over: students without labels, and models of the user's labels."""
    input:
        unpack(more("hand_over")),
        samples=as_seen,
        networks=SEED / "networks.safetensors",
        records=SEED / "networks.json",
    output:
        SEED / "handed-{shift}.nc",
    params:
        **runs("hand_over"),
        settings={
            "kind": settings.cells.teacher.kinds[0],
            **HANDED.model_dump(exclude={"shifts"}),
            "features": STUDENT["features"],
            "head": STUDENT["head"],
            "wavelet": settings.cells.baselines.wavelets[0],
            "depth": settings.cells.baselines.levels,
            **settings.cells.distil.model_dump(
                include={"lengths", "levels", "moments", "folds", "candidates"}
            ),
        },
        device=settings.device,
        seed=seed("hand_over"),
    resources:
        **grows(2000, 60, per_mb=0.5),
        gpu=GPU,
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="hand_over/{study}-{split}-{target}-{seed}-{shift}",


use rule job as score_handed with:
    """How many labels a network is worth: R2 by their number, paired differences."""
    input:
        every(SEED / "handed-{shift}.nc", study="cells", shift=HANDED.shifts),
    output:
        scores=WORTH / "scores.csv",
        differences=WORTH / "differences.csv",
        worth=WORTH / "worth.csv",
    params:
        **runs("score_handed"),
        draws=settings.evaluation.draws,
        seed=seed("score_handed"),
    pathvars:
        job="score_handed",
