import pandas as pd

from awd import io
from awd.record.jobs import begin
from awd.recovery import cases
from awd.report import tables

begin(snakemake)
found, timings = (
    pd.concat([io.read_table(path) for path in paths], ignore_index=True)
    for paths in (snakemake.input.found, snakemake.input.timings)
)
io.write_table(found, snakemake.output.found)
io.write_table(timings, snakemake.output.timings)
stem = snakemake.output.table[0].removesuffix(".csv")
tables.write(cases.table(found, timings), stem)
