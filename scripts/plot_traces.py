from awd.cells import tracks
from awd.cells.figures.tracks import traces, traces_table
from awd.log import log_to
from awd.report import style

log_to(snakemake.log[0])
cells = tracks.read_usable(snakemake.input)
stem = snakemake.output[0].removesuffix(".png")
style.save(traces(cells), stem, traces_table(cells))
