from awd import io
from awd.cells import tracks, writers
from awd.record.jobs import begin

begin(snakemake)
cell = io.read(snakemake.input[0], tracks.TRACKS)
out = snakemake.output
io.write_table(writers.table(cell), out.table)
io.write_table(writers.napari(cell), out.napari)
io.write_text(writers.trackmate(cell), out.trackmate)
