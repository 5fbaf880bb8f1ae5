from awd import contracts, io, provenance
from awd.maps import bank

io.log_to(snakemake.log[0])
params = snakemake.params
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    rows = bank.rows_of(maps, params.train, params.select)
    family = snakemake.wildcards.family
    ds = bank.fill(family, maps, rows, params.candidates, params.seed)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(ds, snakemake.output[0], bank.BANK, stamp)
