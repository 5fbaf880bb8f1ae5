from awd.own import dataset
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
dataset.gather(snakemake.params.settings, snakemake.output[0], stamp)
