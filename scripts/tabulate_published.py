from awd import io
from awd.cells import tracks
from awd.cells.study import published
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import tables

begin(snakemake)
given, out = snakemake.input, snakemake.output
scores = io.read_table(given.scores)
scores = scores[scores["target"] == "sig_mean"]
tables.write(published.scores(scores), out.scores[0].removesuffix(".csv"))
cells = tracks.read_usable(given.tracks)
data = io.read(given.data, contracts.DATASET)
tables.write(published.counts(cells, data), out.counts[0].removesuffix(".csv"))
