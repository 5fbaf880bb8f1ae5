from awd import io, style
from awd.figures.recovery import recovery, recovery_table

io.log_to(snakemake.log[0])
found = io.read_table(snakemake.input[0])
stem = snakemake.output[0].removesuffix(".png")
style.save(recovery(found), stem, recovery_table(found))
