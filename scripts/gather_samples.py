from awd import io
from awd.own import dataset
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
samples = dataset.gather(snakemake.params.settings)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(samples, snakemake.output[0], contracts.DATASET, stamp)
