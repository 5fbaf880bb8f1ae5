from pathlib import Path

from awd import io, provenance

io.log_to(snakemake.log[0])
run = Path(snakemake.output[0]).parent
record = provenance.manifest(run, snakemake.params.config, snakemake.input.data)
io.write_json(record, snakemake.output[0])
