import importlib

from awd import io
from awd.record import checkpoint, contracts, provenance
from awd.record.jobs import begin
from awd.teacher import training

begin(snakemake)
params, given = snakemake.params, snakemake.input
device = training.device(params.device)  # refuses one that is not here, at once
settings = {**params, "device": device.type}
job = checkpoint.Job(snakemake.log[0], given, settings)
outputs = importlib.import_module(params.step).outputs(
    given, snakemake.wildcards.target, params.settings, device.type, job
)
outputs.attrs["device"] = training.device_name(device.type)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(outputs, snakemake.output[0], contracts.OUTPUTS, stamp)
job.done()
