import numpy as np
import pandas as pd

from awd import io
from awd.maps.sky import realism
from awd.maps.study.streamed import farthest
from awd.record import contracts
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
with io.opened(snakemake.input.maps, contracts.MAPS) as opened:
    maps = farthest(opened)
    tables = [realism.measure(maps, params.z_source and float(np.max(params.z_source)))]
    pixel = maps.attrs["pixel_arcmin"]
for path in snakemake.input.compare:
    tables.append(realism.compare(path, params.pixel_arcmin, pixel))
io.write_table(pd.concat(tables), snakemake.output[0])
