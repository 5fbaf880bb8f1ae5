"""What ties a run to its code, data and settings."""

# What users brought.
GIVEN = brought(sum(SOURCE.inputs().values(), [])) if settings.cells else []
if settings.maps and not UNIVERSE:
    GIVEN += map_files()


rule write_manifest:
    """Hashes, versions, settings, seeds, devices, commit and jobs of the run."""
    message:
        "Write the manifest"
    input:
        results=list(RESULTS.values()),
        data=GIVEN,
    output:
        RUN / "manifest.json",
    params:
        config=settings.model_dump(mode="json"),
        code=code("write_manifest"),
    log:
        LOGS / "write_manifest.log",
    benchmark:
        BENCHMARKS / "write_manifest.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/write_manifest.py"


rule write_crate:
    """The run as an RO-Crate: what was run, how, on what, and what came out."""
    message:
        "Write the RO-Crate"
    input:
        RUN / "manifest.json",
    output:
        crate=RUN / "ro-crate-metadata.json",
        workflow=directory(RUN / "workflow"),
    params:
        code=code("write_crate"),
    log:
        LOGS / "write_crate.log",
    benchmark:
        BENCHMARKS / "write_crate.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/core.yaml"
    script:
        "../scripts/write_crate.py"
