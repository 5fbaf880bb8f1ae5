import pandas as pd

from awd import io
from awd.league import choose
from awd.maps.study import published
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
    ours = ours[(ours["study"] == "maps") & (ours["split"] == "all")]
with io.opened(given.maps, contracts.MAPS) as maps:
    here = published.scores(maps, attributed)
    truth = maps["target"].values[maps["split"].values == "test", 0]
table = published.table(here, ours, float(truth.std()))
tables.write(table, snakemake.output[0].removesuffix(".csv"))
