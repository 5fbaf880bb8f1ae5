from awd import io, style
from awd.cells import tracks
from awd.cells.figures import trace_table, traces

io.log_to(snakemake.log[0])
cells = tracks.read_usable(snakemake.input)
stem = snakemake.output[0].removesuffix(".png")
style.save(traces(cells), stem, trace_table(cells))
