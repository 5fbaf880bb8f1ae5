from pathlib import Path

from awd import io
from awd.maps.figures import inferred as figures
from awd.maps.infer import observed, predict
from awd.maps.measure import statistics
from awd.maps.study import bank
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style, tables

begin(snakemake)
given, params, output = snakemake.input, snakemake.params, snakemake.output
answers = []
with io.opened(given.maps, contracts.MAPS) as maps:
    kappa = observed.kappa_of(given.observed)
    kappa = observed.prepared(kappa, params.pixel_arcmin, maps)
    asked = {
        name: statistics.of(name, maps.attrs["pixel_arcmin"], params.bins)
        for name in params.methods
    }
    asked |= bank.chosen(given.wavelets)
    for name, unfitted in asked.items():
        statistic = statistics.fitted(unfitted, maps)
        features = statistics.measure(statistic, maps)
        emulator = predict.calibrated(features, maps, params.bounds, params.covariance)
        answers.append(
            observed.answer(
                name,
                maps["name"].values.tolist(),
                statistic.features(kappa)[0].astype(float),
                emulator,
                params.seed,
            )
        )
folder = Path(output.table).parent
for one in answers:
    observed.write_chain(one, folder / one.statistic)
    observed.write_vectors(one, folder / one.statistic)
table = observed.table(answers)
io.write_table(table, output.table)
tables.write(observed.page(table), output.page[0].removesuffix(".csv"))
drawn = observed.chains(answers)
style.save(figures.observed(drawn), output.figure[0].removesuffix(".png"), drawn)
