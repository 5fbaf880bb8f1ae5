from awd import io
from awd.record.jobs import begin
from awd.recovery import study
from awd.recovery.cases import Case

begin(snakemake)
case = Case(**snakemake.params.case)
found, timings = study.recover(case, **snakemake.params.epochs)
io.write_table(found, snakemake.output.found)
io.write_table(timings, snakemake.output.timings)
