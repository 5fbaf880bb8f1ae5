from awd import io, recovering
from awd.recovery import Case

io.log_to(snakemake.log[0])
case = Case(**snakemake.params.case)
found, timings = recovering.recover(case, **snakemake.params.epochs)
io.write_table(found, snakemake.output.found)
io.write_table(timings, snakemake.output.timings)
