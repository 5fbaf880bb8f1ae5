"""The maps' networks, the bank of filters, and what both say together."""

NETWORKS = [
    MAP_SEED / f"{name}/teacher.safetensors" for name in STUDIES["maps"]["teacher"]
]
SHELF = RUN / "maps/bank/{family}.nc"
# Fixed filters stand in the league beside the distilled ones, other statistics apart.
FIXED = [name for name in settings.maps.methods if name in FIXED_FILTERS]
OTHERS = [name for name in settings.maps.methods if name not in FIXED]

if settings.cells:

    # Both have files of these names; what lies under maps/ is of these.
    ruleorder: train_resnet > train_teacher
    ruleorder: predict_maps > predict_students
    ruleorder: distil_maps > distil_wavelet
    ruleorder: enter_statistics > predict_baselines


rule train_resnet:
    """Train the maps' teacher of a seed; build the networks that never learn."""
    message:
        "Train the ResNet of {wildcards.target}, seed {wildcards.seed}"
    input:
        SKY,
    output:
        weights=NETWORKS,
        records=[path.with_suffix(".json") for path in NETWORKS],
        history=MAP_SEED / "resnet/history.csv",
    params:
        networks=STUDIES["maps"]["teacher"],
        training=TAUGHT.model_dump(exclude={"seeds", "untrained", "shifts"}),
        device=settings.device,
        seed=seed("train_resnet"),
        code=code("train_resnet"),
    log:
        LOGS / "train_resnet/{target}-{seed}.log",
    benchmark:
        BENCHMARKS / "train_resnet/{target}-{seed}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=per_attempt(1500),
        runtime=per_attempt(240),
    conda:
        "../envs/torch.yaml"
    # The longest chain of the default: it does not wait for the cells.
    priority: 1
    script:
        "../scripts/train_resnet.py"


rule ask_resnet:
    """What all networks say of all maps, and their gradients on those of the bank."""
    message:
        "Ask the networks of {wildcards.target}, seed {wildcards.seed}"
    input:
        maps=SKY,
        networks=NETWORKS,
    output:
        MAP_SEED / "said.nc",
    params:
        names=STUDIES["maps"]["teacher"],
        train=settings.maps.bank.train,
        shifts=TAUGHT.shifts,
        device=settings.device,
        code=code("ask_resnet"),
    log:
        LOGS / "ask_resnet/{target}-{seed}.log",
    benchmark:
        BENCHMARKS / "ask_resnet/{target}-{seed}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=per_attempt(1500, per_mb=0.5),
        runtime=per_attempt(60),
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/ask_resnet.py"


rule make_bank:
    """What a student reads through every filter of a family (one job per family)."""
    message:
        "Fill the bank: {wildcards.family}"
    input:
        SKY,
    output:
        SHELF,
    params:
        **settings.maps.bank.model_dump(exclude={"families"}),
        seed=seed("make_bank"),
        code=code("make_bank"),
    log:
        LOGS / "make_bank/{family}.log",
    benchmark:
        BENCHMARKS / "make_bank/{family}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1500, per_mb=0.5),
        runtime=per_attempt(60),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/make_bank.py"


if settings.maps.soft:

    rule distil_softly:
        """The paper's soft losses on the maps of the bank, at every pair of weights."""
        message:
            "Distil the ResNet of {wildcards.target}, seed {wildcards.seed}, softly"
        input:
            maps=SKY,
            said=MAP_SEED / "said.nc",
        output:
            MAP_SEED / "soft.nc",
        params:
            **settings.maps.soft.model_dump(),
            seed=seed("distil_softly"),
            code=code("distil_softly"),
        log:
            LOGS / "distil_softly/{target}-{seed}.log",
        benchmark:
            BENCHMARKS / "distil_softly/{target}-{seed}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(2000, per_mb=0.5),
            runtime=per_attempt(240),
        conda:
            "../envs/torch.yaml"
        script:
            "../scripts/distil_softly.py"


rule distil_maps:
    """Choose from the bank what says what the networks say; and the paper's objective."""
    message:
        "Distil the ResNet of {wildcards.target}, seed {wildcards.seed}"
    input:
        maps=SKY,
        said=MAP_SEED / "said.nc",
        banks=expand(SHELF, family=settings.maps.bank.families),
        soft=[MAP_SEED / "soft.nc"] if settings.maps.soft else [],
    output:
        wavelets=MAP_SEED / "wavelets.nc",
        bank=MAP_SEED / "bank.csv",
    params:
        bounds=BOX,
        draws=settings.distil.draws,
        seed=seed("distil_maps"),
        code=code("distil_maps"),
    log:
        LOGS / "distil_maps/{target}-{seed}.log",
    benchmark:
        BENCHMARKS / "distil_maps/{target}-{seed}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(2000, per_mb=0.5),
        runtime=per_attempt(60),
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/distil_maps.py"


rule predict_maps:
    """The same student and head for every filter; the networks answer for themselves."""
    message:
        "Students of {wildcards.target}, seed {wildcards.seed}"
    input:
        maps=SKY,
        said=MAP_SEED / "said.nc",
        wavelets=MAP_SEED / "wavelets.nc",
        teacher=NETWORKS[0],
        features=expand(STATISTICS, statistic=FIXED),
        inferred=expand(INFERRED, statistic=FIXED),
    output:
        predictions=MAP_SEED / "students.nc",
        heads=MAP_SEED / "heads.csv",
        timings=MAP_SEED / "timings.csv",
    params:
        bounds=BOX,
        device=settings.device,
        code=code("predict_maps"),
    log:
        LOGS / "predict_maps/{target}-{seed}.log",
    benchmark:
        BENCHMARKS / "predict_maps/{target}-{seed}.tsv"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=per_attempt(2000, per_mb=0.5),
        runtime=per_attempt(60),
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/predict_maps.py"


rule enter_statistics:
    """The statistics that need no network, as baselines of the maps' league."""
    message:
        "Enter the statistics of {wildcards.target}"
    input:
        maps=SKY,
        inferred=expand(INFERRED, statistic=OTHERS),
    output:
        predictions=MAP_TARGET / "baselines.nc",
        timings=MAP_TARGET / "timings.csv",
    params:
        code=code("enter_statistics"),
    log:
        LOGS / "enter_statistics/{target}.log",
    benchmark:
        BENCHMARKS / "enter_statistics/{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/enter_statistics.py"


rule describe_filters:
    """Taps of every filter, what its choice gained, and its symmetry."""
    message:
        "Describe the filters of {wildcards.target}"
    input:
        wavelets=each(MAP_SEED / "wavelets.nc"),
        banks=each(MAP_SEED / "bank.csv"),
    output:
        MAP_TARGET / "filters.csv",
    params:
        code=code("describe_filters"),
    log:
        LOGS / "describe_filters/{target}.log",
    benchmark:
        BENCHMARKS / "describe_filters/{target}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/describe_filters.py"


if "symmetric" in settings.maps.bank.families:

    rule plot_adapting:
        """The wavelet on its way from the starlet's to the chosen one; also as a GIF."""
        message:
            "Plot the adapting wavelet of {wildcards.target}"
        input:
            bank=expand(SHELF, family="symmetric")[0],
            scores=each(MAP_SEED / "bank.csv"),
        output:
            report(
                FIGURES / "adapting.png",
                caption="captions/adapting.rst",
                category="{study}",
                labels={"target": "{target}", "figure": "adapting"},
            ),
            FIGURES / "adapting.pdf",
            FIGURES / "adapting.csv",
            FIGURES / "adapting.gif",
        params:
            code=code("plot_adapting"),
        log:
            LOGS / "plot_adapting/{study}-{target}.log",
        benchmark:
            BENCHMARKS / "plot_adapting/{study}-{target}.tsv"
        threads: 1
        resources:
            mem_mb=per_attempt(1000),
            runtime=per_attempt(10),
        conda:
            "../envs/maps.yaml"
        script:
            "../scripts/plot_adapting.py"


rule plot_families:
    """Fidelity along every family: what each source asks for."""
    message:
        "Plot the families of {wildcards.target}"
    input:
        each(MAP_SEED / "bank.csv"),
    output:
        report(
            FIGURES / "families.png",
            caption="captions/families.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "families"},
        ),
        FIGURES / "families.pdf",
        FIGURES / "families.csv",
    params:
        code=code("plot_families"),
    log:
        LOGS / "plot_families/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_families/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/plot_families.py"


rule plot_patches:
    """The chosen filters as images."""
    message:
        "Plot the filters of {wildcards.target}"
    input:
        each(MAP_SEED / "wavelets.nc"),
    output:
        report(
            FIGURES / "patches.png",
            caption="captions/patches.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "patches"},
        ),
        FIGURES / "patches.pdf",
        FIGURES / "patches.csv",
    params:
        code=code("plot_patches"),
    log:
        LOGS / "plot_patches/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_patches/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/plot_patches.py"


rule plot_steps:
    """The method in one row: map, network, filter, coefficients, student."""
    message:
        "Plot the steps to {wildcards.target}"
    input:
        maps=SKY,
        wavelets=each(MAP_SEED / "wavelets.nc"),
        students=each(MAP_SEED / "students.nc"),
    output:
        report(
            FIGURES / "steps.png",
            caption="captions/steps.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "steps"},
        ),
        FIGURES / "steps.pdf",
        FIGURES / "steps.csv",
    params:
        code=code("plot_steps"),
    log:
        LOGS / "plot_steps/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_steps/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/plot_steps.py"


rule plot_masks:
    """What matters in a map: to the network, and to the wavelet."""
    message:
        "Plot the masks of {wildcards.target}"
    input:
        maps=SKY,
        said=each(MAP_SEED / "said.nc"),
        wavelets=each(MAP_SEED / "wavelets.nc"),
    output:
        report(
            FIGURES / "masks.png",
            caption="captions/masks.rst",
            category="{study}",
            labels={"target": "{target}", "figure": "masks"},
        ),
        FIGURES / "masks.pdf",
        FIGURES / "masks.csv",
    params:
        code=code("plot_masks"),
    log:
        LOGS / "plot_masks/{study}-{target}.log",
    benchmark:
        BENCHMARKS / "plot_masks/{study}-{target}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1500, per_mb=0.5),
        runtime=per_attempt(10),
    conda:
        "../envs/maps.yaml"
    script:
        "../scripts/plot_masks.py"
