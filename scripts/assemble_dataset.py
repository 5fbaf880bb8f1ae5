from awd import io
from awd.cells import tracks
from awd.cells.study import dataset, outcomes
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
settings = dict(params.dataset)
traces = settings.pop("traces")
rules = outcomes.Rules(**settings.pop("outcomes"))
cells = [io.read(path, tracks.TRACKS) for path in snakemake.input]
how = {"least": params.least, "shift": params.shift, "seed": params.seed}
data = dataset.assemble(cells, rules=rules, **how, **settings)
if traces == "noise":
    data = dataset.as_noise(data, params.seed)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(data, snakemake.output[0], contracts.DATASET, stamp)
