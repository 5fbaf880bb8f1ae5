from awd import contracts, io, provenance
from awd.maps import inferred

io.log_to(snakemake.log[0])
features = io.read(snakemake.input.features)["features"].values
with io.opened(snakemake.input.maps, contracts.MAPS) as maps:
    ds = inferred.predict(features, maps, snakemake.params.bounds).load()
named = {"statistic": snakemake.wildcards.statistic, "features": features.shape[1]}
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(ds.assign_attrs(named), snakemake.output[0], inferred.INFERRED, stamp)
