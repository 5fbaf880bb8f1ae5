from awd import io
from awd.maps.figures import inferred as figures
from awd.maps.infer import predict
from awd.maps.measure.statistics import STATISTIC
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
emulators = {}
with io.opened(snakemake.input.maps, contracts.MAPS) as maps:
    for path in snakemake.input.features:
        ds = io.read(path, STATISTIC)
        features = ds["features"].values
        fitted = predict.calibrated(features, maps, snakemake.params.bounds)
        emulators[ds.attrs["statistic"]] = fitted, features
    table = figures.posterior_table(emulators, maps, figures.spread(maps, 3))
style.save(figures.posterior(table), snakemake.output[0].removesuffix(".png"), table)
