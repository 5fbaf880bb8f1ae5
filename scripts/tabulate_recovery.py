import pandas as pd

from awd import io
from awd.log import log_to
from awd.recovery import cases
from awd.report import tables

log_to(snakemake.log[0])
found, timings = (
    pd.concat([io.read_table(path) for path in paths], ignore_index=True)
    for paths in (snakemake.input.found, snakemake.input.timings)
)
io.write_table(found, snakemake.output.found)
io.write_table(timings, snakemake.output.timings)
stem = snakemake.output.table[0].removesuffix(".csv")
tables.write(cases.table(found, timings), stem)
