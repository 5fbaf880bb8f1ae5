import pandas as pd

from awd import io
from awd.league import score
from awd.record import contracts
from awd.record.jobs import begin

begin(snakemake)
students, plain = (
    [io.read(path, contracts.PREDICTIONS) for path in paths]
    for paths in (snakemake.input.students, snakemake.input.baselines)
)
tables = score.score(
    score.join(students, plain), snakemake.params.draws, snakemake.params.seed
)
timings = pd.concat(map(io.read_table, snakemake.input.timings))
for path, table in zip(snakemake.output, [*tables, timings], strict=True):
    io.write_table(table, path)
