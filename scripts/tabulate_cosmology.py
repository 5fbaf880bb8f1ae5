from awd import io, tables
from awd.maps.table import score_table

io.log_to(snakemake.log[0])
table = score_table(io.read_table(snakemake.input[0]))
tables.write(table, snakemake.output.csv.removesuffix(".csv"))
