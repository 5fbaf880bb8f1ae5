"""The rule that every other one starts from, and adds to what differs."""


rule job:
    """What every rule has: a script, a log, a benchmark, resources that grow."""
    message:
        "{rule} {wildcards}"
    log:
        f"{RUN}/logs/<job>.log",
    benchmark:
        f"{RUN}/benchmarks/<job>.tsv"
    threads: 1
    resources:
        **grows(1000, 30),
    conda:
        "../envs/core.yaml"
    pathvars:
        job="job",
    script:
        "../scripts/{params.script}.py"
