import pandas as pd

from awd import io
from awd.log import log_to
from awd.maps.figures import filters
from awd.maps.study import describe
from awd.record import contracts
from awd.report import style

log_to(snakemake.log[0])
seeds = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
table = pd.concat(
    describe.by_candidate(wavelets).assign(file=k) for k, wavelets in enumerate(seeds)
)
stem = snakemake.output[0].removesuffix(".png")
style.save(filters.families(table), stem, table)
