import pandas as pd

from awd import io
from awd.maps.sky import realism
from awd.record import contracts
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
with io.opened(snakemake.input.maps, contracts.MAPS) as maps:
    tables = [realism.measure(maps, params.z_source)]
    pixel = maps.attrs["pixel_arcmin"]
for path in snakemake.input.compare:
    tables.append(realism.compare(path, params.pixel_arcmin, pixel))
io.write_table(pd.concat(tables), snakemake.output[0])
