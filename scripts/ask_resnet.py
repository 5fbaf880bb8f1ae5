import numpy as np
import xarray as xr

from awd import contracts, io, provenance, teachers
from awd.maps import bank, networks

io.log_to(snakemake.log[0])
params, given = snakemake.params, snakemake.input
with io.opened(given.maps, contracts.MAPS) as maps:
    rows = bank.rows_of(maps, params.train, 0)
    names, every = (
        maps["name"].values,
        networks.Rows(given.maps, np.arange(len(maps.x))),
    )
models = [teachers.load(path) for path in given.networks]
said = [networks.outputs(model, every, params.device) for model in models]
some = networks.Rows(given.maps, rows)
gradients = [
    networks.saliency(model, some, params.shifts, device=params.device)
    for model in models[:2]  # the teacher, and one that never learned
]
ds = xr.Dataset(
    {
        "output": (("network", "sample", "name"), np.stack(said)),
        "gradient": (("asked", "row", "y", "x"), np.stack(gradients)),
        "row": ("row", rows),
    },
    coords={"network": params.names, "name": names, "asked": params.names[:2]},
)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(ds, snakemake.output[0], stamp=stamp)
