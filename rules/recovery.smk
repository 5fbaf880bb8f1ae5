"""The paper's simulation: is a wavelet found that is known to be there?"""

from awd.recovery import cases

CASES = {
    case.name: case
    for case in cases.cases(
        **settings.recovery.model_dump(include={"random", "seeds", "samples", "harder"})
    )
}
RECOVERY = RUN / "recovery"


rule recover_filters:
    """Simulate, teach a network, and find the wavelet again in every way."""
    message:
        "Recover the wavelet of {wildcards.case}"
    output:
        found=RECOVERY / "cases/{case}.csv",
        timings=RECOVERY / "cases/{case}.timings.csv",
    params:
        case=lambda wildcards: vars(CASES[wildcards.case]),
        epochs=settings.recovery.model_dump(include={"teacher_epochs", "soft_epochs"}),
        code=code("recover_filters"),
    log:
        LOGS / "recover_filters/{case}.log",
    benchmark:
        BENCHMARKS / "recover_filters/{case}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(30),
    conda:
        "../envs/torch.yaml"
    wildcard_constraints:
        case="|".join(CASES),
    script:
        "../scripts/recover_filters.py"


rule tabulate_recovery:
    """How near every way comes to the true wavelets, as CSV, LaTeX and Markdown."""
    message:
        "Tabulate recovery"
    input:
        found=expand(RECOVERY / "cases/{case}.csv", case=CASES),
        timings=expand(RECOVERY / "cases/{case}.timings.csv", case=CASES),
    output:
        found=RECOVERY / "cases.csv",
        timings=RECOVERY / "timings.csv",
        table=multiext(str(RUN / "table_recovery"), ".csv", ".tex", ".md"),
    params:
        code=code("tabulate_recovery"),
    log:
        LOGS / "tabulate_recovery.log",
    benchmark:
        BENCHMARKS / "tabulate_recovery.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/tabulate_recovery.py"


rule plot_recovery:
    """Distance from the truth for every way, and as the simulation gets harder."""
    message:
        "Plot recovery"
    input:
        RECOVERY / "cases.csv",
    output:
        report(
            RUN / "figures/cases.png",
            caption="captions/cases.rst",
            category="recovery",
            labels={"target": "wavelet", "figure": "recovery"},
        ),
        RUN / "figures/cases.pdf",
        RUN / "figures/cases.csv",
    params:
        code=code("plot_recovery"),
    log:
        LOGS / "plot_recovery.log",
    benchmark:
        BENCHMARKS / "plot_recovery.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/plot_recovery.py"
