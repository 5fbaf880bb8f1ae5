"""The paper's simulation: is a wavelet found that is known to be there?"""

from awd.recovery import cases

CASES = {
    case.name: case
    for case in cases.cases(
        **settings.recovery.model_dump(include={"random", "seeds", "samples", "harder"})
    )
}
RECOVERY = RUN / "recovery"
RESULTS["Recovery"] = RUN / "figures/recovery.png"


use rule job as recover_filters with:
    """Simulate, teach a network, and find the wavelet again in every way."""
    output:
        found=RECOVERY / "cases/{case}.csv",
        timings=RECOVERY / "cases/{case}.timings.csv",
    params:
        **runs("recover_filters"),
        case=lambda wildcards: vars(CASES[wildcards.case]),
        epochs=settings.recovery.model_dump(include={"teacher_epochs", "soft_epochs"}),
    resources:
        **grows(1500, 30),
    conda:
        "../envs/torch.yaml"
    pathvars:
        job="recover_filters/{case}",
    wildcard_constraints:
        case="|".join(CASES),


use rule job as tabulate_recovery with:
    """How near every way comes to the true wavelets, as CSV, LaTeX and Markdown."""
    input:
        found=expand(RECOVERY / "cases/{case}.csv", case=CASES),
        timings=expand(RECOVERY / "cases/{case}.timings.csv", case=CASES),
    output:
        found=RECOVERY / "recovery.csv",
        timings=RECOVERY / "timings.csv",
        table=table(RUN / "table_recovery"),
    params:
        **runs("tabulate_recovery"),
    pathvars:
        job="tabulate_recovery",
