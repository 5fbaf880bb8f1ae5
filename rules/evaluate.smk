"""The only rules that read the test groups."""

if settings.cells:

    rule predict_students:
        """Fit the same student on every wavelet; predict the test groups, the teacher too."""
        message:
            "Students of {wildcards.target}, split {wildcards.split}, seed {wildcards.seed}"
        input:
            dataset=SPLIT / "dataset.nc",
            attribution=SEED / "attribution.nc",
            wavelets=SEED / "wavelets.nc",
            teachers=TEACHERS[: len(settings.teacher.kinds)],
        output:
            predictions=SEED / "students.nc",
            timings=SEED / "timings.csv",
        params:
            **STUDENT,
            kinds=settings.teacher.kinds,
            named={
                "names": settings.baselines.wavelets,
                "levels": settings.baselines.levels,
            },
            device=settings.device,
            code=code("predict_students"),
        log:
            LOGS / "predict_students/{study}-{split}-{target}-{seed}.log",
        benchmark:
            BENCHMARKS / "predict_students/{study}-{split}-{target}-{seed}.tsv"
        threads: 1
        resources:
            gpu=GPU,
            mem_mb=per_attempt(1500),
            runtime=per_attempt(10),
        conda:
            "../envs/torch.yaml"
        script:
            "../scripts/predict_students.py"


rule score_methods:
    """Score every method: R2, RMSE, intervals, paired differences."""
    message:
        "Score all methods"
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
        draws=settings.evaluation.draws,
        seed=seed("score_methods"),
        code=code("score_methods"),
    log:
        LOGS / "score_methods.log",
    benchmark:
        BENCHMARKS / "score_methods.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/score_methods.py"
