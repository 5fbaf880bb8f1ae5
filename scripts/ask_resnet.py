import numpy as np
import xarray as xr

from awd import io
from awd.log import log_to
from awd.maps.study import bank, streamed
from awd.record import checkpoint, contracts, provenance
from awd.teacher import networks, training

log_to(snakemake.log[0])
params, given = snakemake.params, snakemake.input
device = training.device(params.device)  # refuses one that is not here, at once
job = checkpoint.Job(snakemake.log[0], given, {**params, "device": device.type})
with io.opened(given.maps, contracts.MAPS) as maps:
    rows = bank.rows_of(maps, params.train, 0)
    names, (count, *shape) = maps["name"].values, maps["x"].shape
every, some = (streamed.Rows(given.maps, which) for which in (np.arange(count), rows))
models = dict(zip(params.names, map(networks.load, given.networks), strict=True))
said = [
    streamed.outputs(model, every, device.type, job.of(f"output/{name}"))
    for name, model in models.items()
]
asked = params.names[:2]  # the teacher, and one that never learned
gradients = np.empty((len(asked), len(rows), *shape), np.float32)
for name, gradient in zip(asked, gradients, strict=True):
    gradient[:] = streamed.saliency(
        *(models[name], some, params.shifts),
        device=device.type,
        checkpoint=job.of(f"gradient/{name}"),
    )
ds = xr.Dataset(
    {
        "output": (("network", "sample", "name"), np.stack(said)),
        "gradient": (("asked", "row", "y", "x"), gradients),
        "row": ("row", rows),
    },
    coords={"network": params.names, "name": names, "asked": asked},
    attrs={"device": training.device_name(device.type)},
)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(ds, snakemake.output[0], stamp=stamp)
job.done()
