"""Tables, figures and the report."""


rule tabulate_scores:
    """The score table of a study as CSV, LaTeX and Markdown."""
    message:
        "Tabulate {wildcards.study}"
    input:
        scores=RUN / "scores.csv",
        timings=RUN / "timings.csv",
    output:
        csv=RUN / "table_{study}.csv",
        tex=RUN / "table_{study}.tex",
        md=RUN / "table_{study}.md",
    params:
        code=code("tabulate_scores"),
    log:
        LOGS / "tabulate_scores/{study}.log",
    benchmark:
        BENCHMARKS / "tabulate_scores/{study}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/tabulate_scores.py"


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
        code=code("plot_wavelet"),
    log:
        LOGS / "plot_wavelet/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_wavelet/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_wavelet.py"


rule plot_filter_path:
    """Filters along the ratio of attribution to sparsity, and the one chosen."""
    message:
        "Plot the path of {wildcards.target}"
    input:
        each(SEED / "wavelets.nc", split=0),
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
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_filter_path.py"


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
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_predictions.py"


rule plot_learning:
    """Learning curves of the teachers."""
    message:
        "Plot the training of {wildcards.target}"
    input:
        each(TEACHER / "history.csv"),
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
        code=code("plot_learning"),
    log:
        LOGS / "plot_learning/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_learning/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_learning.py"


rule plot_scores:
    """R2 of every method with its interval."""
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
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_scores.py"


rule report:
    """One self-contained page: what the run says, its tables, figures and provenance."""
    message:
        "Write the report"
    input:
        scores=RUN / "scores.csv",
        differences=RUN / "differences.csv",
        tables=every(RUN / "table_{study}.csv"),
        figures=every(FIGURES / "{drawn}.png", drawn=DRAWN),
        wavelets=every(RUN / "{study}/{target}/wavelet.json"),
    output:
        RUN / "report.html",
    params:
        config=settings.model_dump(mode="json"),
        studies=WILDCARDS["study"],
        captions=CAPTIONS,
        code=code("report"),
    log:
        LOGS / "report.log",
    benchmark:
        BENCHMARKS / "report.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/report.py"
