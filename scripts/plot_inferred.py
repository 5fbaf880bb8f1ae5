from awd import io, style
from awd.maps import figures
from awd.maps.inferred import INFERRED

io.log_to(snakemake.log[0])
inferred = [io.read(path, INFERRED) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
table = figures.predicted_table(inferred, "emulator")
style.save(figures.predicted(inferred, "emulator"), stem, table)
