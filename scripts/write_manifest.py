from pathlib import Path

from awd import io
from awd.log import log_to
from awd.record import manifest

log_to(snakemake.log[0])
given, run = snakemake.input, Path(snakemake.output[0]).parent
record = manifest.manifest(run, given.results, snakemake.params.config, given.data)
io.write_json(record, snakemake.output[0])
