from awd import io
from awd.log import log_to
from awd.maps.infer.score import score_table
from awd.report import tables

log_to(snakemake.log[0])
table = score_table(io.read_table(snakemake.input[0]))
tables.write(table, snakemake.output[0].removesuffix(".csv"))
