from awd import comparison, contracts, io, provenance, splits

io.log_to(snakemake.log[0])
wildcards = snakemake.wildcards
names = {"study": wildcards.study, "split": wildcards.split, "seed": "all"}
data = io.read(snakemake.input[0], contracts.DATASET)
train, test = (splits.part(data, side, wildcards.target) for side in ("train", "test"))
entries = comparison.enter_baselines(train, test, snakemake.params.seed)
predictions = comparison.to_dataset(entries, test, **names)
stamp = provenance.stamp(snakemake.rule, wildcards, snakemake.params)
io.write(predictions, snakemake.output.predictions, contracts.PREDICTIONS, stamp)
timings = comparison.time_inference(entries, target=test.target, **names)
io.write_table(timings, snakemake.output.timings)
