from awd.own import dataset
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
dataset.split(
    snakemake.input[0],
    snakemake.output[0],
    int(snakemake.wildcards.split),
    params.splits,
    params.seed,
    params.scaled,
    provenance.stamp(snakemake.rule, snakemake.wildcards, params),
)
