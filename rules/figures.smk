"""Figures; each has the name of its script, log, benchmark and caption."""


rule plot_scores:
    """R2 of every method with its interval, controls in grey."""
    message:
        "Plot the scores of {wildcards.target}"
    input:
        RUN / "scores.csv",
    output:
        report(
            FIGURES / "scores.png",
            caption="captions/scores.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "scores"},
        ),
        FIGURES / "scores.pdf",
        FIGURES / "scores.csv",
    params:
        code=code("plot_scores"),
    log:
        LOGS / "plot_scores/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_scores/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_scores.py"


rule plot_fidelity:
    """Fidelity to the teacher against R2 of every wavelet."""
    message:
        "Plot fidelity and R2 of {wildcards.target}"
    input:
        RUN / "scores.csv",
    output:
        report(
            FIGURES / "fidelity.png",
            caption="captions/fidelity.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "fidelity"},
        ),
        FIGURES / "fidelity.pdf",
        FIGURES / "fidelity.csv",
    params:
        code=code("plot_fidelity"),
    log:
        LOGS / "plot_fidelity/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_fidelity/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_fidelity.py"


rule plot_wavelet:
    """Distilled scaling and wavelet functions over those of db5."""
    message:
        "Plot the wavelets of {wildcards.target}"
    input:
        each(SEED / "wavelets.nc"),
    output:
        report(
            FIGURES / "wavelet.png",
            caption="captions/wavelet.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "wavelet"},
        ),
        FIGURES / "wavelet.pdf",
        FIGURES / "wavelet.csv",
    params:
        method=RESULT,
        code=code("plot_wavelet"),
    log:
        LOGS / "plot_wavelet/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_wavelet/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_wavelet.py"


rule plot_filters:
    """Filters of all teachers and controls side by side."""
    message:
        "Plot the filters of {wildcards.target}"
    input:
        each(SEED / "wavelets.nc"),
    output:
        report(
            FIGURES / "filters.png",
            caption="captions/filters.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "filters"},
        ),
        FIGURES / "filters.pdf",
        FIGURES / "filters.csv",
    params:
        code=code("plot_filters"),
    log:
        LOGS / "plot_filters/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_filters/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_filters.py"


rule plot_choice:
    """How the choice of length and levels went."""
    message:
        "Plot the choice of {wildcards.target}"
    input:
        each(SEED / "wavelets.nc"),
    output:
        report(
            FIGURES / "choice.png",
            caption="captions/choice.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "choice"},
        ),
        FIGURES / "choice.pdf",
        FIGURES / "choice.csv",
    params:
        method=RESULT,
        code=code("plot_choice"),
    log:
        LOGS / "plot_choice/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_choice/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_choice.py"


rule plot_filter_path:
    """Filters along the ratio of attribution to sparsity, and the one chosen."""
    message:
        "Plot the path of {wildcards.target}"
    input:
        each(SEED / "wavelets.nc"),
    output:
        report(
            FIGURES / "filter_path.png",
            caption="captions/filter_path.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "filter path"},
        ),
        FIGURES / "filter_path.pdf",
        FIGURES / "filter_path.csv",
    params:
        code=code("plot_filter_path"),
    log:
        LOGS / "plot_filter_path/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_filter_path/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_filter_path.py"


rule plot_soft_path:
    """How the filters of the paper's losses drift with the attribution weight."""
    message:
        "Plot the soft path of {wildcards.target}"
    input:
        each(SEED / "wavelets.nc"),
    output:
        report(
            FIGURES / "soft_path.png",
            caption="captions/soft_path.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "soft path"},
        ),
        FIGURES / "soft_path.pdf",
        FIGURES / "soft_path.csv",
    params:
        code=code("plot_soft_path"),
    log:
        LOGS / "plot_soft_path/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_soft_path/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_soft_path.py"


rule plot_reading:
    """What the student reads in three example traces."""
    message:
        "Plot what the student of {wildcards.target} reads"
    input:
        expand(SPLIT / "dataset.nc", split=0, allow_missing=True),
        expand(
            SEED / "wavelets.nc",
            split=0,
            seed=settings.teacher.seeds[0],
            allow_missing=True,
        ),
    output:
        report(
            FIGURES / "reading.png",
            caption="captions/reading.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "reading"},
        ),
        FIGURES / "reading.pdf",
        FIGURES / "reading.csv",
    params:
        **STUDENT,
        method=RESULT,
        code=code("plot_reading"),
    log:
        LOGS / "plot_reading/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_reading/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_reading.py"


rule plot_predictions:
    """Predicted against observed on the test groups of all splits."""
    message:
        "Plot the predictions of {wildcards.target}"
    input:
        students=each(SEED / "students.nc"),
        baselines=each(TARGET / "baselines.nc"),
    output:
        report(
            FIGURES / "predictions.png",
            caption="captions/predictions.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "predictions"},
        ),
        FIGURES / "predictions.pdf",
        FIGURES / "predictions.csv",
    params:
        code=code("plot_predictions"),
    log:
        LOGS / "plot_predictions/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_predictions/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_predictions.py"


rule plot_learning:
    """Learning curves of the teachers."""
    message:
        "Plot the training of {wildcards.target}"
    input:
        unpack(histories),
    output:
        report(
            FIGURES / "learning.png",
            caption="captions/learning.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "learning"},
        ),
        FIGURES / "learning.pdf",
        FIGURES / "learning.csv",
    params:
        kinds=lambda wildcards: list(histories(wildcards)),
        code=code("plot_learning"),
    log:
        LOGS / "plot_learning/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_learning/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_learning.py"
