import pandas as pd

from awd import io
from awd.log import log_to
from awd.maps.figures import filters
from awd.report import style

log_to(snakemake.log[0])
tables = [io.read_table(path) for path in snakemake.input]
table = pd.concat(t.assign(file=k) for k, t in enumerate(tables))
stem = snakemake.output[0].removesuffix(".png")
style.save(filters.families(table), stem, table)
