import pandas as pd

from awd import io
from awd.log import log_to
from awd.maps.sky import realism
from awd.record import contracts

log_to(snakemake.log[0])
params = snakemake.params
with io.opened(snakemake.input.maps, contracts.MAPS) as maps:
    tables = [realism.measure(maps, params.z_source)]
    pixel = maps.attrs["pixel_arcmin"]
for path in snakemake.input.compare:
    tables.append(realism.compare(path, params.pixel_arcmin, pixel))
io.write_table(pd.concat(tables), snakemake.output[0])
