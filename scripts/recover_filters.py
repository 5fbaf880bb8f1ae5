from awd import io
from awd.log import log_to
from awd.recovery import study
from awd.recovery.cases import Case

log_to(snakemake.log[0])
case = Case(**snakemake.params.case)
found, timings = study.recover(case, **snakemake.params.epochs)
io.write_table(found, snakemake.output.found)
io.write_table(timings, snakemake.output.timings)
