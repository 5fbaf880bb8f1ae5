from awd import io
from awd.log import log_to
from awd.maps.study import describe
from awd.record import contracts

log_to(snakemake.log[0])
given = snakemake.input
seeds = [io.read(path, contracts.WAVELETS) for path in given.wavelets]
table = describe.table(seeds, [io.read_table(path) for path in given.banks])
io.write_table(table, snakemake.output[0])
