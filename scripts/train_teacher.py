import importlib

from awd import io
from awd.record import checkpoint
from awd.record.jobs import begin
from awd.teacher import training, weights

begin(snakemake)
params, output = snakemake.params, snakemake.output
device = training.device(params.device)  # refuses one that is not here, at once
settings = {**params, "device": device.type}
job = checkpoint.Job(snakemake.log[0], snakemake.input, settings)
models, history = importlib.import_module(params.step).train(
    snakemake.input.samples,
    snakemake.wildcards.target,
    params.networks,
    params.settings,
    params.seed,
    device.type,
    job,
)
record = {"code": params.code, "device": training.device_name(device.type)}
weights.save(models, output.weights, record)
io.write_table(history, output.history)
job.done()
