"""Samples and networks that users bring: studies by name, on the rules of the method."""


def own_study(name, own):
    """What a study of one's own brings to the rules of the method."""
    features = {
        "m": own.student.largest,
        **own.student.model_dump(include={"smallest", "positions"}),
        **(
            own.student.model_dump(include={"start", "energy"}) if own.dims == 1 else {}
        ),
    }
    student = {
        "features": features,
        **own.student.model_dump(include={"head", "fit_to", "shares"}),
        "honest": bool(own.network) and not own.network.seen,
    }
    folds = (
        []
        if own.network
        else [f"{contracts.FOLD}{k}" for k in range(own.teacher.folds)]
    )
    if own.network and own.network.seen:
        student["shares"] = [0.5]  # it cannot choose: it knows the answers
    brought_network = ["network"] if own.network else []
    objectives = own.distil.objectives
    return Study(
        wildcards={
            "split": range(own.splits.rotations),
            "target": list(own.targets),
            "seed": own.teacher.seeds,
        },
        steps="awd.study",
        networks=[*brought_network, *own.teacher.kinds, *contracts.CONTROLS, *folds],
        settings={
            "train_teacher": own.teacher.model_dump(exclude={"kinds", "seeds", "folds"})
            | ({"network": own.network.model_dump()} if own.network else {}),
            "ask_teacher": {},
            "distil_wavelet": {
                **own.distil.model_dump(),
                "features": {k: v for k, v in features.items() if k != "energy"},
            },
            "predict_students": {
                **student,
                **own.baselines.model_dump(),
                "kinds": [*brought_network, *own.teacher.kinds],
            },
        },
        more={
            "train_teacher": {"network": own.network.inputs() if own.network else []}
        },
        exported=objectives[0],
        figures=["scores", "parameters", "fidelity", "wavelet", "filters", "choice"]
        + [PATHS[name] for name in objectives if name in PATHS]
        + ["reading", "curves"] * (own.dims == 1)
        + ["predictions", "learning"],
        overall=[],
        reader={"student": student, "windows": []},
    )


for name, own in settings.own.items():
    STUDIES[name] = own_study(name, own)


use rule job as gather_samples with:
    """Read the samples of one's own, with their targets, groups and known answers."""
    input:
        lambda wildcards: brought(settings.own[wildcards.study].inputs()),
    output:
        RUN / "{study}/dataset.nc",
    params:
        **runs("gather_samples"),
        settings=lambda wildcards: settings.own[wildcards.study].model_dump(
            include={
                *("samples", "dims", "task", "targets"),
                *("units", "signal", "network"),
            }
        ),
    resources:
        **grows(1000, 30, per_mb=8),
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="gather_samples/{study}",
    wildcard_constraints:
        study="|".join(settings.own),


use rule job as split_samples with:
    """Split by group; where no network is brought, scale by the training groups."""
    input:
        RUN / "{study}/dataset.nc",
    output:
        SPLIT / "samples.nc",
    params:
        **runs("split_samples"),
        splits=lambda wildcards: settings.own[wildcards.study].splits.model_dump(
            include={"test", "select", "test_groups"}
        ),
        scaled=lambda wildcards: settings.own[wildcards.study].network is None,
        seed=settings.seed,
    resources:
        **grows(1000, 30, per_mb=8),
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="split_samples/{study}-{split}",
    wildcard_constraints:
        study="|".join(settings.own),
