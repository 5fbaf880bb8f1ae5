from awd import io
from awd.log import log_to
from awd.own import dataset
from awd.record import contracts, provenance

log_to(snakemake.log[0])
samples = dataset.gather(snakemake.params.settings)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(samples, snakemake.output[0], contracts.DATASET, stamp)
