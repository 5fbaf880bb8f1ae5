from awd import io
from awd.log import log_to
from awd.maps.infer import score
from awd.maps.infer.predict import INFERRED

log_to(snakemake.log[0])
inferred = [io.read(path, INFERRED) for path in snakemake.input]
params, output = snakemake.params, snakemake.output
io.write_table(score.score(inferred, params.draws, params.seed), output.scores)
table = score.differences(inferred, params.draws, params.seed)
io.write_table(table, output.differences)
