from awd import io
from awd.league import handed
from awd.log import log_to
from awd.record import contracts

log_to(snakemake.log[0])
files = [io.read(path, contracts.HANDED) for path in snakemake.input]
tables = handed.score(files, snakemake.params.draws, snakemake.params.seed)
for path, table in zip(snakemake.output, tables, strict=True):
    io.write_table(table, path)
