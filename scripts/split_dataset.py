from awd import io
from awd.cells.study import dataset
from awd.league import splits
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
whole = io.read(snakemake.input[0], contracts.DATASET)
split = splits.rotate(
    whole.group.values,
    int(snakemake.wildcards.split),
    seed=snakemake.params.seed,
    **snakemake.params.splits,
)
accuracy = snakemake.params.bucket_accuracy
if accuracy is not None:
    whole, split = dataset.hard(whole, split, accuracy)
data = dataset.scale(whole, split, snakemake.params.scaling)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(data, snakemake.output[0], contracts.DATASET, stamp)
