from pathlib import Path

from awd import io
from awd.record import manifest
from awd.record.jobs import begin

begin(snakemake)
given, run = snakemake.input, Path(snakemake.output[0]).parent
record = manifest.manifest(run, given.results, snakemake.params.config, given.data)
io.write_json(record, snakemake.output[0])
