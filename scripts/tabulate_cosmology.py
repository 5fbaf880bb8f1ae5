from awd import io
from awd.maps.infer.score import score_table
from awd.record.jobs import begin
from awd.report import tables

begin(snakemake)
table = score_table(io.read_table(snakemake.input[0]))
tables.write(table, snakemake.output[0].removesuffix(".csv"))
