from awd import io, style
from awd.cells import tracks
from awd.cells.figures import lifetime_table, lifetimes

io.log_to(snakemake.log[0])
cells = tracks.read_usable(snakemake.input)
stem = snakemake.output[0].removesuffix(".png")
style.save(lifetimes(cells), stem, lifetime_table(cells))
