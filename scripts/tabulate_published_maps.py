import pandas as pd

from awd import io
from awd.league import choose
from awd.maps.study import published
from awd.maps.study.streamed import with_first
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import tables

begin(snakemake)
given = snakemake.input
attributed, ours = None, pd.DataFrame()
if given.wavelets:
    wavelets = io.read(given.wavelets[0], contracts.WAVELETS)
    attributed = choose.from_dataset(wavelets)["attribution"].chosen.filter
    ours = io.read_table(given.scores[0])
    of_maps = (ours["study"] == "maps") & (ours["split"] == "all")
    ours = ours[of_maps & (ours["target"] == published.OF)]
with io.opened(given.maps, contracts.MAPS) as maps:
    here = published.scores(with_first(maps, published.OF), attributed)
    truth = maps["target"].sel(name=published.OF).values
    truth = truth[maps["split"].values == "test"]
table = published.table(here, ours, float(truth.std()))
tables.write(table, snakemake.output[0].removesuffix(".csv"))
