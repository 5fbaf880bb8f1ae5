import pandas as pd

from awd import io, style
from awd.maps import figures_filters

io.log_to(snakemake.log[0])
tables = [io.read_table(path) for path in snakemake.input]
table = pd.concat(t.assign(file=k) for k, t in enumerate(tables))
stem = snakemake.output[0].removesuffix(".png")
style.save(figures_filters.families(table), stem, table)
