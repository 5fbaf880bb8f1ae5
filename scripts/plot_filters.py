from awd import contracts, io, style
from awd.figures.wavelets import filter_table, filters

io.log_to(snakemake.log[0])
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
style.save(filters(*found), stem, filter_table(*found))
