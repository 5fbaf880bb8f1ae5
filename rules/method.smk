"""From samples to scores: the same rules for every study."""


use rule job as train_teacher with:
    """Train the networks of a seed on the training groups; the select groups stop them."""
    input:
        unpack(more("train_teacher")),
        samples=SPLIT / "samples.nc",
    output:
        weights=SEED / "networks.safetensors",
        records=SEED / "networks.json",
        history=SEED / "history.csv",
    params:
        **runs("train_teacher", "train"),
        networks=networks,
        settings=setting("train_teacher"),
        device=settings.device,
        seed=seed("train_teacher"),
    resources:
        **grows(1500, 240),
        gpu=GPU,
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="train_teacher/{study}-{split}-{target}-{seed}",
    # Maps are the longest chain of the default: they do not wait for the cells.
    priority: lambda wildcards: int(wildcards.study == "maps")


use rule job as ask_teacher with:
    """Cache what all networks answer on all samples, and their input gradients."""
    input:
        samples=SPLIT / "samples.nc",
        networks=SEED / "networks.safetensors",
        records=SEED / "networks.json",
    output:
        SEED / "outputs.nc",
    params:
        **runs("ask_teacher", "ask"),
        settings=setting("ask_teacher"),
        device=settings.device,
    resources:
        **grows(1500, 60, per_mb=0.5),
        gpu=GPU,
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="ask_teacher/{study}-{split}-{target}-{seed}",


use rule job as distil_wavelet with:
    """Distil every network of a split, target and seed into a wavelet; find the controls."""
    input:
        unpack(more("distil_wavelet")),
        samples=SPLIT / "samples.nc",
        outputs=SEED / "outputs.nc",
    output:
        SEED / "wavelets.nc",
    params:
        **runs("distil_wavelet", "distil"),
        settings=setting("distil_wavelet"),
        seed=seed("distil_wavelet"),
    resources:
        **grows(2000, 60, per_mb=0.5),
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="distil_wavelet/{study}-{split}-{target}-{seed}",


use rule job as predict_students with:
    """Fit the same student on every wavelet; predict the test groups, the networks too."""
    input:
        unpack(more("predict_students")),
        samples=SPLIT / "samples.nc",
        networks=SEED / "networks.safetensors",
        records=SEED / "networks.json",
        outputs=SEED / "outputs.nc",
        wavelets=SEED / "wavelets.nc",
    output:
        predictions=SEED / "students.nc",
        heads=SEED / "heads.csv",
        timings=SEED / "timings.csv",
    params:
        **runs("predict_students", "predict"),
        settings=setting("predict_students"),
        device=settings.device,
    resources:
        **grows(2000, 60, per_mb=0.5),
        gpu=GPU,
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="predict_students/{study}-{split}-{target}-{seed}",


use rule job as predict_baselines with:
    """Fit the models that need no wavelet of ours, and predict the test groups."""
    input:
        unpack(more("predict_baselines")),
        samples=SPLIT / "samples.nc",
    output:
        predictions=TARGET / "baselines.nc",
        timings=TARGET / "timings.csv",
    params:
        **runs("predict_baselines", "baselines"),
        settings=setting("predict_baselines"),
        seed=seed("predict_baselines"),
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="predict_baselines/{study}-{split}-{target}",


use rule job as score_methods with:
    """Score every method of every study: R2, RMSE, intervals, paired differences."""
    input:
        students=every(SEED / "students.nc"),
        baselines=every(TARGET / "baselines.nc"),
        timings=[*every(SEED / "timings.csv"), *every(TARGET / "timings.csv")],
    output:
        scores=RUN / "scores.csv",
        differences=RUN / "differences.csv",
        groups=RUN / "groups.csv",
        timings=RUN / "timings.csv",
    params:
        **runs("score_methods"),
        draws=settings.evaluation.draws,
        seed=seed("score_methods"),
    pathvars:
        job="score_methods",


use rule job as tabulate_scores with:
    """The score table of a study as CSV, LaTeX and Markdown."""
    input:
        scores=RUN / "scores.csv",
        timings=RUN / "timings.csv",
    output:
        table(RUN / "table_{study}"),
    params:
        **runs("tabulate_scores"),
    pathvars:
        job="tabulate_scores/{study}",


use rule job as export_wavelet with:
    """Export the wavelet whose student follows its network best; gated on its conditions."""
    input:
        each(SEED / "wavelets.nc"),
    output:
        RUN / "{study}/{target}/wavelet.json",
    params:
        **runs("export_wavelet"),
        method=lambda wildcards: STUDIES[wildcards.study].exported,
    pathvars:
        job="export_wavelet/{study}-{target}",


use rule job as export_model with:
    """The student to take home: a file that predicts without torch, and its card."""
    input:
        samples=each(SPLIT / "samples.nc"),
        outputs=each(SEED / "outputs.nc"),
        wavelets=each(SEED / "wavelets.nc"),
        scores=RUN / "scores.csv",
        differences=RUN / "differences.csv",
    output:
        model=RUN / "{study}/{target}/model.json",
        card=RUN / "{study}/{target}/model.html",
    params:
        **runs("export_model"),
        method=lambda wildcards: STUDIES[wildcards.study].exported,
        student=lambda wildcards: STUDIES[wildcards.study].reader["student"],
    resources:
        **grows(2000, 30, per_mb=0.5),
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="export_model/{study}-{target}",
