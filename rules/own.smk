"""Samples and networks that users bring: studies by name, on the rules of the method."""

for name, own in settings.own.items():
    STUDIES[name] = own_study(name, own)
    read_from = getattr(own.samples, "function", None) or own.samples.file
    MEANINGS[name] = {
        "targets": own.meanings(),
        "samples": "samples",
        "groups": "groups",
        "data": f"read from {read_from}",
        "note": "",
    }


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
                *("units", "signal", "network", "windows", "length"),
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
