from awd import io
from awd.league import predict, splits
from awd.log import log_to
from awd.record import contracts, provenance

log_to(snakemake.log[0])
wildcards = snakemake.wildcards
names = {"study": wildcards.study, "split": wildcards.split, "seed": "all"}
data = io.read(snakemake.input[0], contracts.DATASET)
train, test = (splits.part(data, side, wildcards.target) for side in ("train", "test"))
entries = predict.enter_baselines(train, test, snakemake.params.seed)
predictions = predict.to_dataset(entries, test, **names)
stamp = provenance.stamp(snakemake.rule, wildcards, snakemake.params)
io.write(predictions, snakemake.output.predictions, contracts.PREDICTIONS, stamp)
timings = predict.time_inference(entries, target=test.target, **names)
io.write_table(timings, snakemake.output.timings)
