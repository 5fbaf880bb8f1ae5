"""The networks that are distilled, and what is cached of them."""

TEACHERS = [
    SEED / f"{teacher}/teacher.safetensors" for teacher in STUDIES["cells"]["teacher"]
]


rule train_teacher:
    """Train the networks of a seed on the training groups; the select groups stop them."""
    message:
        "Train the teachers of {wildcards.target}, split {wildcards.split}, seed {wildcards.seed}"
    input:
        SPLIT / "dataset.nc",
    output:
        weights=TEACHERS,
        records=[path.with_suffix(".json") for path in TEACHERS],
        histories=[path.with_name("history.csv") for path in TEACHERS],
    params:
        teachers=STUDIES["cells"]["teacher"],
        training=settings.teacher.model_dump(exclude={"kinds", "seeds"}),
        device=settings.device,
        seed=seed("train_teacher"),
        code=code("train_teacher"),
    log:
        LOGS / "train_teacher/{study}-{split}-{target}-{seed}.log",
    benchmark:
        BENCHMARKS / "train_teacher/{study}-{split}-{target}-{seed}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
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
        teachers=TEACHERS,
    output:
        SEED / "attribution.nc",
    params:
        teachers=STUDIES["cells"]["teacher"],
        device=settings.device,
        code=code("attribute_teacher"),
    log:
        LOGS / "attribute_teacher/{study}-{split}-{target}-{seed}.log",
    benchmark:
        BENCHMARKS / "attribute_teacher/{study}-{split}-{target}-{seed}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=per_attempt(1500),
        runtime=per_attempt(30),
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/attribute_teacher.py"
