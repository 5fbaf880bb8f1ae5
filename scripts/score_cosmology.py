from awd import io
from awd.maps.infer import score
from awd.maps.infer.predict import INFERRED
from awd.record.jobs import begin

begin(snakemake)
inferred = [io.read(path, INFERRED) for path in snakemake.input]
params, output = snakemake.params, snakemake.output
io.write_table(score.score(inferred, params.draws, params.seed), output.scores)
table = score.differences(inferred, params.draws, params.seed)
io.write_table(table, output.differences)
table = score.coverages(inferred, params.draws, params.seed)
io.write_table(table, output.coverage)
