"""From the cached teacher to a wavelet; no label is read here."""


rule distil_wavelet:
    """Distil the teacher into an orthonormal wavelet and choose along the path."""
    message:
        "Distil {wildcards.teacher} ({wildcards.objective}), {wildcards.target}, split {wildcards.split}"
    input:
        dataset=SPLIT / "dataset.nc",
        attribution=TEACHER / "attribution.nc",
    output:
        TEACHER / "{objective}/wavelet.nc",
    params:
        distil=settings.distil.model_dump(exclude={"objectives"}),
        student=settings.student.model_dump(),
        folds=settings.evaluation.folds,
        seed=seed("distil_wavelet"),
        code=code("distil_wavelet"),
    log:
        LOGS / "distil_wavelet/{study}-{split}-{target}-{teacher}-{objective}.log",
    benchmark:
        BENCHMARKS / "distil_wavelet/{study}-{split}-{target}-{teacher}-{objective}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/distil_wavelet.py"


rule export_wavelet:
    """Export the wavelet whose student follows its teacher best; gated on its conditions."""
    message:
        "Export the wavelet of {wildcards.target}"
    input:
        lambda wildcards: every(
            TEACHER / "{objective}/wavelet.nc",
            **wildcards,
            objective=settings.distil.objectives[0],
        ),
    output:
        RUN / "{study}/{target}/wavelet.json",
    params:
        code=code("export_wavelet"),
    log:
        LOGS / "export_wavelet/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "export_wavelet/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/export_wavelet.py"
