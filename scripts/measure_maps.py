import xarray as xr

from awd import contracts, io, provenance
from awd.maps import methods

io.log_to(snakemake.log[0])
name = snakemake.wildcards.statistic
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    statistic = methods.METHODS[name](maps.attrs["pixel_arcmin"])
    features = methods.measure(methods.fitted(statistic, maps), maps)
ds = xr.Dataset({"features": (("sample", "feature"), features)})
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(ds.assign_attrs(statistic=name), snakemake.output[0], None, stamp)
