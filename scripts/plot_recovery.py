from awd import io
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.recovery import recovery, recovery_table

begin(snakemake)
found = io.read_table(snakemake.input[0])
stem = snakemake.output[0].removesuffix(".png")
style.save(recovery(found), stem, recovery_table(found))
