from awd import contracts, io, provenance
from awd.cells import dataset, outcomes, tracks

io.log_to(snakemake.log[0])
settings = dict(snakemake.params.dataset)
traces = settings.pop("traces")
rules = outcomes.Rules(**settings.pop("outcomes"))
cells = [io.read(path, tracks.TRACKS) for path in snakemake.input]
data = dataset.assemble(cells, least=snakemake.params.least, rules=rules, **settings)
if traces == "noise":
    data = dataset.as_noise(data, snakemake.params.seed)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(data, snakemake.output[0], contracts.DATASET, stamp)
