import pandas as pd

from awd import io
from awd.maps.figures import filters
from awd.maps.study import describe
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
seeds = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
table = pd.concat(
    describe.by_candidate(wavelets).assign(file=k) for k, wavelets in enumerate(seeds)
)
stem = snakemake.output[0].removesuffix(".png")
style.save(filters.families(table), stem, table)
