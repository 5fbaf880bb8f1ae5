from awd import io
from awd.log import log_to
from awd.report import tables

log_to(snakemake.log[0])
scores, timings = (io.read_table(path) for path in snakemake.input)
study = scores[scores["study"] == snakemake.wildcards.study]
table = tables.score_table(study, timings)
tables.write(table, snakemake.output[0].removesuffix(".csv"))
