import importlib

from awd import io
from awd.league.predict import time_inference, to_dataset
from awd.record import contracts, provenance
from awd.record.jobs import begin
from awd.teacher import training

begin(snakemake)
wildcards, params, output = snakemake.wildcards, snakemake.params, snakemake.output
device = training.device(params.device).type  # refuses one that is not here, at once
step = importlib.import_module(params.step)
test, entries, heads = step.students(
    snakemake.input, wildcards.target, params.settings, device
)
names = {name: wildcards[name] for name in ("study", "split", "seed")}
stamp = provenance.stamp(snakemake.rule, wildcards, params)
predictions = to_dataset(entries, test, **names)
io.write(predictions, output.predictions, contracts.PREDICTIONS, stamp)
io.write_table(heads, output.heads)
timings = time_inference(entries, step.REPEATS, target=test.target, **names)
io.write_table(timings, output.timings)
