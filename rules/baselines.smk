"""What the distilled wavelet has to beat."""


rule predict_baselines:
    """Fit the models on raw samples and predict the test groups."""
    message:
        "Baselines of {wildcards.target}, split {wildcards.split}"
    input:
        SPLIT / "dataset.nc",
    output:
        predictions=TARGET / "baselines.nc",
        timings=TARGET / "timings.csv",
    params:
        seed=seed("predict_baselines"),
        code=code("predict_baselines"),
    log:
        LOGS / "predict_baselines/{study}-{split}-{target}.log",
    benchmark:
        BENCHMARKS / "predict_baselines/{study}-{split}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/predict_baselines.py"
