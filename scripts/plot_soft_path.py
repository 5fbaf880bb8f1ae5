from awd import contracts, io, style
from awd.figures.soft import soft_path, soft_table

io.log_to(snakemake.log[0])
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
style.save(soft_path(*found), stem, soft_table(*found))
