from awd import io
from awd.record.jobs import begin
from awd.report import tables

begin(snakemake)
scores, timings = (io.read_table(path) for path in snakemake.input)
study = scores[scores["study"] == snakemake.wildcards.study]
table = tables.score_table(study, timings)
tables.write(table, snakemake.output[0].removesuffix(".csv"))
