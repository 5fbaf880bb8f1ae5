"""The networks that are distilled, and what is cached of them."""


rule train_teacher:
    """Train a network on the training groups; the select groups stop it."""
    message:
        "Train {wildcards.teacher} on {wildcards.target}, split {wildcards.split}"
    input:
        SPLIT / "dataset.nc",
    output:
        weights=TEACHER / "teacher.safetensors",
        record=TEACHER / "teacher.json",
        history=TEACHER / "history.csv",
    params:
        teacher=settings.teacher.model_dump(exclude={"seeds"}),
        device=settings.device,
        seed=seed("train_teacher"),
        code=code("train_teacher"),
    log:
        LOGS / "train_teacher/{study}-{split}-{target}-{teacher}.log",
    benchmark:
        BENCHMARKS / "train_teacher/{study}-{split}-{target}-{teacher}.tsv"
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
    """Cache the teacher's outputs and input gradients on the training groups."""
    message:
        "Attribute {wildcards.teacher} on {wildcards.target}, split {wildcards.split}"
    input:
        dataset=SPLIT / "dataset.nc",
        teacher=TEACHER / "teacher.safetensors",
    output:
        TEACHER / "attribution.nc",
    params:
        device=settings.device,
        code=code("attribute_teacher"),
    log:
        LOGS / "attribute_teacher/{study}-{split}-{target}-{teacher}.log",
    benchmark:
        BENCHMARKS / "attribute_teacher/{study}-{split}-{target}-{teacher}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=2000,
        runtime=30,
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/attribute_teacher.py"
