from awd import contracts, io, style
from awd.maps import figures_filters

io.log_to(snakemake.log[0])
wavelets = io.read(snakemake.input[0], contracts.WAVELETS)
table = figures_filters.patch_table(wavelets)
stem = snakemake.output[0].removesuffix(".png")
style.save(figures_filters.patches(wavelets), stem, table)
