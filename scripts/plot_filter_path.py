from awd import contracts, io, style
from awd.figures.search import filter_path, path_table

io.log_to(snakemake.log[0])
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
style.save(filter_path(*found), stem, path_table(*found))
