from awd import contracts, io
from awd.maps import chosen

io.log_to(snakemake.log[0])
given = snakemake.input
seeds = [io.read(path, contracts.WAVELETS) for path in given.wavelets]
table = chosen.table(seeds, [io.read_table(path) for path in given.banks])
io.write_table(table, snakemake.output[0])
