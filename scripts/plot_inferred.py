from awd import io, style
from awd.maps import figures_inferred
from awd.maps.inferred import INFERRED

io.log_to(snakemake.log[0])
inferred = [io.read(path, INFERRED) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
table = figures_inferred.predicted_table(inferred, "emulator")
style.save(figures_inferred.predicted(inferred, "emulator"), stem, table)
