import importlib

from awd import io
from awd.league.predict import time_inference, to_dataset
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
wildcards, params, output = snakemake.wildcards, snakemake.params, snakemake.output
step = importlib.import_module(params.step)
test, entries = step.predict(
    snakemake.input, wildcards.target, params.settings, params.seed
)
names = {"study": wildcards.study, "split": wildcards.split, "seed": "all"}
stamp = provenance.stamp(snakemake.rule, wildcards, params)
predictions = to_dataset(entries, test, **names)
io.write(predictions, output.predictions, contracts.PREDICTIONS, stamp)
timings = time_inference(entries, step.REPEATS, target=test.target, **names)
io.write_table(timings, output.timings)
