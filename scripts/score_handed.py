from awd import io
from awd.league import handed
from awd.record import contracts
from awd.record.jobs import begin

begin(snakemake)
files = [io.read(path, contracts.HANDED) for path in snakemake.input]
tables = handed.score(files, snakemake.params.draws, snakemake.params.seed)
for path, table in zip(snakemake.output, tables, strict=True):
    io.write_table(table, path)
