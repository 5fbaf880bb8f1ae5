import xarray as xr

from awd import io
from awd.log import log_to
from awd.maps.measure import statistics
from awd.record import contracts, provenance

log_to(snakemake.log[0])
name = snakemake.wildcards.statistic
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    statistic = statistics.METHODS[name](maps.attrs["pixel_arcmin"])
    features = statistics.measure(statistics.fitted(statistic, maps), maps)
ds = xr.Dataset({"features": (("sample", "feature"), features)})
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
ds = ds.assign_attrs(statistic=name)
io.write(ds, snakemake.output[0], statistics.STATISTIC, stamp)
