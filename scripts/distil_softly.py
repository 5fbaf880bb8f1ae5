import xarray as xr

from awd import io
from awd.maps.measure.statistics import LEVELS
from awd.maps.study import bank
from awd.maps.study.streamed import Rows, apart
from awd.record import checkpoint, contracts, provenance
from awd.record.jobs import begin
from awd.search import soft

begin(snakemake)
given, params = snakemake.input, snakemake.params
job = checkpoint.Job(snakemake.log[0], given, params)
outputs = io.read(given.outputs, contracts.OUTPUTS)
path = soft.distil_soft(
    apart(Rows(given.maps, outputs["row"].values)[:]),
    apart(outputs["gradient"].values[0]),  # the teacher's
    levels=LEVELS,
    dims=2,
    seeds=(params.seed,),
    checkpoint=job.of("soft"),
    **params.weights,
)
weights = ("sparsity", "attribution")
ds = xr.Dataset(
    {"filter": ((*weights, "tap"), path.filter[0]), "loss": (weights, path.loss[0])},
    coords={name: getattr(path, name) for name in weights},
)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(ds, snakemake.output[0], bank.SOFT, stamp)
job.done()
