from awd import io
from awd.log import log_to
from awd.report import style
from awd.report.figures.recovery import recovery, recovery_table

log_to(snakemake.log[0])
found = io.read_table(snakemake.input[0])
stem = snakemake.output[0].removesuffix(".png")
style.save(recovery(found), stem, recovery_table(found))
