import xarray as xr

from awd import io
from awd.log import log_to
from awd.maps.measure.statistics import LEVELS
from awd.maps.study import streamed
from awd.record import checkpoint, provenance
from awd.search import soft

log_to(snakemake.log[0])
given, params = snakemake.input, dict(snakemake.params)
job = checkpoint.Job(snakemake.log[0], given, params)
answers = io.read(given.said)
x = streamed.Rows(given.maps, answers["row"].values)[:]
gradient = answers["gradient"].values[0]  # the teacher's
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
del params["code"]
how = params | {"seeds": (params.pop("seed"),), "checkpoint": job.of("soft")}
path = soft.distil_soft(x, gradient, levels=LEVELS, dims=2, **how)
weights = ("sparsity", "attribution")
ds = xr.Dataset(
    {"filter": ((*weights, "tap"), path.filter[0]), "loss": (weights, path.loss[0])},
    coords={name: getattr(path, name) for name in weights},
)
io.write(ds, snakemake.output[0], stamp=stamp)
job.done()
