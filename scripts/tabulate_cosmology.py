from awd import io
from awd.maps.infer import score
from awd.record.jobs import begin
from awd.report import tables

begin(snakemake)
files, output = snakemake.input, snakemake.output
table = score.score_table(io.read_table(files.scores))
tables.write(table, output.scores[0].removesuffix(".csv"))
table = score.coverage_table(io.read_table(files.coverage))
tables.write(table, output.coverage[0].removesuffix(".csv"))
