from pathlib import Path

from awd import io
from awd.maps.infer import observed, pages
from awd.maps.measure import statistics
from awd.maps.study import bank
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import tables

begin(snakemake)
given, params, output = snakemake.input, snakemake.params, snakemake.output
with io.opened(given.maps, contracts.MAPS) as maps:
    kappa = observed.kappa_of(given.observed, next(iter(given.mask), None))
    kappa, hidden = observed.prepared(kappa, params.pixel_arcmin, maps)
    pixel = maps.attrs["pixel_arcmin"]
    asked = {
        name: statistics.of(named, pixel, params.bins)
        for name, named in params.methods.items()
    }
    asked |= bank.chosen(given.wavelets)
    how = {"bounds": params.bounds, "covariance": params.covariance}
    answers = observed.answers(asked, maps, kappa, hidden, params.seed, **how)
for one in answers:
    observed.write_chain(one, Path(output.table).parent / one.statistic)
    observed.write_vectors(one, Path(output.table).parent / one.statistic)
table = observed.table(answers)
io.write_table(table, output.table)
tables.write(pages.observed(table), output.page[0].removesuffix(".csv"))
