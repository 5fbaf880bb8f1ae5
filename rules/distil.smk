"""From the cached teacher to a wavelet; no label is read here."""


rule distil_wavelet:
    """Distil every teacher of a split, target and seed into a wavelet; find the controls."""
    message:
        "Distil the teachers of {wildcards.target}, split {wildcards.split}, seed {wildcards.seed}"
    input:
        dataset=SPLIT / "dataset.nc",
        attribution=SEED / "attribution.nc",
    output:
        SEED / "wavelets.nc",
    params:
        distil=settings.distil.model_dump(),
        folds=settings.evaluation.folds,
        seed=seed("distil_wavelet"),
        code=code("distil_wavelet"),
    log:
        LOGS / "distil_wavelet/{study}-{split}-{target}-{seed}.log",
    benchmark:
        BENCHMARKS / "distil_wavelet/{study}-{split}-{target}-{seed}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/distil_wavelet.py"


rule export_wavelet:
    """Export the wavelet whose student follows its teacher best; gated on its conditions."""
    message:
        "Export the wavelet of {wildcards.target}"
    input:
        each(SEED / "wavelets.nc"),
    output:
        RUN / "{study}/{target}/wavelet.json",
    params:
        method=RESULT,
        code=code("export_wavelet"),
    log:
        LOGS / "export_wavelet/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "export_wavelet/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/export_wavelet.py"
