from awd import io
from awd.maps import scoring
from awd.maps.inferred import INFERRED

io.log_to(snakemake.log[0])
inferred = [io.read(path, INFERRED) for path in snakemake.input]
params, output = snakemake.params, snakemake.output
io.write_table(scoring.score(inferred, params.draws, params.seed), output.scores)
table = scoring.differences(inferred, params.draws, params.seed)
io.write_table(table, output.differences)
