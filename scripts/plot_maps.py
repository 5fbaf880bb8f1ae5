from awd import contracts, io, style
from awd.maps import figures

io.log_to(snakemake.log[0])
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    stem = snakemake.output[0].removesuffix(".png")
    style.save(figures.sky(maps), stem, figures.sky_table(maps))
