"""The networks that are distilled, and what is cached of them."""


def example(wildcards):
    """The shuffled teacher trains for as long as the real one did."""
    if wildcards.teacher != "shuffled":
        return []
    first = settings.teacher.kinds[0]
    return str(SEED / "{first}/history.csv").format(first=first, **wildcards)


rule train_teacher:
    """Train a network on the training groups; the select groups stop it."""
    message:
        "Train {wildcards.teacher}, seed {wildcards.seed}, on {wildcards.target}, split {wildcards.split}"
    input:
        dataset=SPLIT / "dataset.nc",
        example=example,
    output:
        weights=TEACHER / "teacher.safetensors",
        record=TEACHER / "teacher.json",
        history=TEACHER / "history.csv",
    params:
        first=settings.teacher.kinds[0],
        training=settings.teacher.model_dump(exclude={"kinds", "seeds"}),
        device=settings.device,
        seed=seed("train_teacher"),
        code=code("train_teacher"),
    log:
        LOGS / "train_teacher/{study}-{split}-{target}-{seed}-{teacher}.log",
    benchmark:
        BENCHMARKS / "train_teacher/{study}-{split}-{target}-{seed}-{teacher}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=2000,
        runtime=60,
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/train_teacher.py"


rule attribute_teacher:
    """Cache the outputs and input gradients of all teachers on the training groups."""
    message:
        "Attribute the teachers of {wildcards.target}, split {wildcards.split}, seed {wildcards.seed}"
    input:
        dataset=SPLIT / "dataset.nc",
        teachers=expand(
            TEACHER / "teacher.safetensors",
            teacher=WILDCARDS["teacher"],
            allow_missing=True,
        ),
    output:
        SEED / "attribution.nc",
    params:
        teachers=WILDCARDS["teacher"],
        device=settings.device,
        code=code("attribute_teacher"),
    log:
        LOGS / "attribute_teacher/{study}-{split}-{target}-{seed}.log",
    benchmark:
        BENCHMARKS / "attribute_teacher/{study}-{split}-{target}-{seed}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=2000,
        runtime=30,
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/attribute_teacher.py"
