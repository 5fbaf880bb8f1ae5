from awd import io
from awd.maps.infer import predict
from awd.maps.measure.statistics import STATISTIC
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
measured = io.read(snakemake.input.features, STATISTIC)
features = measured["features"].values
with io.opened(snakemake.input.maps, contracts.MAPS) as maps:
    ds = predict.predict(
        features, maps, snakemake.params.bounds, snakemake.params.covariance
    ).load()
named = {"statistic": snakemake.wildcards.statistic, "features": features.shape[1]}
named |= {"constants": measured.attrs["constants"]}
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(ds.assign_attrs(named), snakemake.output[0], predict.INFERRED, stamp)
