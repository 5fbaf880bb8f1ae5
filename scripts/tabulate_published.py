from awd import contracts, io, tables
from awd.cells import published, tracks

io.log_to(snakemake.log[0])
given, out = snakemake.input, snakemake.output
scores = io.read_table(given.scores)
scores = scores[scores["target"] == "sig_mean"]
tables.write(published.scores(scores), out.scores.removesuffix(".csv"))
cells = tracks.read_usable(given.tracks)
data = io.read(given.data[0], contracts.DATASET)
tables.write(published.counts(cells, data), out.counts.removesuffix(".csv"))
