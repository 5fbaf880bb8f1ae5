"""The only rules that read the test groups."""


rule predict_students:
    """Fit the same student on every wavelet; predict the test groups, the teacher too."""
    message:
        "Students of {wildcards.teacher} on {wildcards.target}, split {wildcards.split}"
    input:
        dataset=SPLIT / "dataset.nc",
        attribution=TEACHER / "attribution.nc",
        teacher=TEACHER / "teacher.safetensors",
        wavelets=expand(
            TEACHER / "{objective}/wavelet.nc",
            objective=settings.distil.objectives,
            allow_missing=True,
        ),
    output:
        predictions=TEACHER / "students.nc",
        timings=TEACHER / "timings.csv",
    params:
        named=settings.baselines.wavelets,
        student=settings.student.model_dump(),
        levels=settings.distil.levels,
        device=settings.device,
        code=code("predict_students"),
    log:
        LOGS / "predict_students/{study}-{split}-{target}-{teacher}.log",
    benchmark:
        BENCHMARKS / "predict_students/{study}-{split}-{target}-{teacher}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/predict_students.py"


rule score_methods:
    """Score every method: R2, RMSE, intervals, paired differences."""
    message:
        "Score all methods"
    input:
        students=every(TEACHER / "students.nc"),
        baselines=every(TARGET / "baselines.nc"),
        timings=[*every(TEACHER / "timings.csv"), *every(TARGET / "timings.csv")],
    output:
        scores=RUN / "scores.csv",
        differences=RUN / "differences.csv",
        groups=RUN / "groups.csv",
        timings=RUN / "timings.csv",
    params:
        draws=settings.evaluation.draws,
        seed=seed("score_methods"),
        code=code("score_methods"),
    log:
        LOGS / "score_methods.log",
    benchmark:
        BENCHMARKS / "score_methods.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/score_methods.py"
