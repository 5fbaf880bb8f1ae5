import xarray as xr

from awd import io
from awd.maps.measure import statistics
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
name, params = snakemake.wildcards.statistic, snakemake.params
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    statistic = statistics.of(params.named, maps.attrs["pixel_arcmin"], params.bins)
    statistic = statistics.fitted(statistic, maps)
    features = statistics.measure(statistic, maps)
ds = xr.Dataset({"features": (("sample", "feature"), features)})
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
ds = ds.assign_attrs(statistic=name, constants=statistic.constants)
io.write(ds, snakemake.output[0], statistics.STATISTIC, stamp)
