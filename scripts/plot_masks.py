from awd import contracts, io, style
from awd.maps import figures_filters

io.log_to(snakemake.log[0])
given = snakemake.input
wavelets, said = io.read(given.wavelets[0], contracts.WAVELETS), io.read(given.said[0])
with io.opened(given.maps, contracts.MAPS) as maps:
    panels = figures_filters.mask_panels(maps, said, wavelets)
stem = snakemake.output[0].removesuffix(".png")
style.save(figures_filters.masks(panels), stem, figures_filters.mask_table(panels))
