from awd.cells import tracks
from awd.cells.figures.traces import traces, traces_table
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
cells = tracks.read_usable(snakemake.input)
stem = snakemake.output[0].removesuffix(".png")
style.save(traces(cells), stem, traces_table(cells))
