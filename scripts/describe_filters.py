from awd import io
from awd.log import log_to
from awd.maps.study import describe
from awd.record import contracts

log_to(snakemake.log[0])
seeds = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
io.write_table(describe.table(seeds), snakemake.output[0])
