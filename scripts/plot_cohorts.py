from awd import io, style
from awd.cells import tracks
from awd.cells.figures import cohort_table, cohorts

io.log_to(snakemake.log[0])
cells = tracks.read_usable(snakemake.input)
stem = snakemake.output[0].removesuffix(".png")
style.save(cohorts(cells), stem, cohort_table(cells))
