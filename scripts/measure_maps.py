import xarray as xr

from awd import io
from awd.maps.measure import statistics
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
name = snakemake.wildcards.statistic
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    statistic = statistics.of(name, maps.attrs["pixel_arcmin"], snakemake.params.bins)
    statistic = statistics.fitted(statistic, maps)
    features = statistics.measure(statistic, maps)
ds = xr.Dataset({"features": (("sample", "feature"), features)})
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
ds = ds.assign_attrs(statistic=name, edges=statistics.edges(statistic))
io.write(ds, snakemake.output[0], statistics.STATISTIC, stamp)
