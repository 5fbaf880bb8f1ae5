import numpy as np
import xarray as xr

from awd import io
from awd.league import splits
from awd.log import log_to
from awd.record import contracts, provenance
from awd.teacher import ask, networks, training

log_to(snakemake.log[0])
target = snakemake.wildcards.target
device = training.device(snakemake.params.device)  # refuses one that is not here
data = io.read(snakemake.input.dataset, contracts.DATASET)
train = splits.part(data, "train", target)
models = [networks.load(path) for path in snakemake.input.teachers]
outputs, gradients = (
    np.stack([method(model, train.x, device=device.type) for model in models])
    for method in (ask.output, ask.saliency)
)
described = {**train.described, "long_name": f"{target} as the teacher says"}
cache = xr.Dataset(
    {
        "output": (("teacher", "sample"), outputs, described),
        "gradient": (("teacher", *data.x.dims), gradients),
        "row": ("sample", train.rows),
    },
    coords={"teacher": snakemake.params.teachers},
    attrs={"target": target, "device": training.device_name(device.type)},
)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(cache, snakemake.output[0], contracts.ATTRIBUTION, stamp)
