from awd.cells import tracks
from awd.cells.figures.cohorts import cohorts, cohorts_table
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
cells = tracks.read_usable(snakemake.input)
stem = snakemake.output[0].removesuffix(".png")
style.save(cohorts(cells), stem, cohorts_table(cells))
