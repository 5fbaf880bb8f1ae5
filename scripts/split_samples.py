from awd import io
from awd.own import dataset
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
whole = io.read(snakemake.input[0], contracts.DATASET)
rotation = int(snakemake.wildcards.split)
data = dataset.split(whole, rotation, params.splits, params.seed, params.scaled)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(data, snakemake.output[0], contracts.DATASET, stamp)
