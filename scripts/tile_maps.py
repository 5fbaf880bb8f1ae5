from awd.maps import readers
from awd.maps.measure import masks
from awd.maps.study import dataset
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
source, targets = params.source, params.tiling["targets"]
left_out = None
if source["kind"] == "simulated":
    collection = dataset.shards(snakemake.input.maps)
else:
    least = masks.LEAST if params.tiling["nan"] == "mask" else 1.0
    collection = readers.of_source(source, targets, least)
    if source["bad_map"] == "skip":
        collection, left_out = dataset.usable(collection, params.tiling["nan"])
    dataset.require_enough(
        collection, targets, params.methods, params.tiling, source["bins"]
    )
dataset.write(
    collection,
    snakemake.output[0],
    pixel_arcmin=params.pixel_arcmin,
    mask=next(iter(snakemake.input.mask), None),
    seed=params.seed,
    left_out=left_out,
    stamp=provenance.stamp(snakemake.rule, snakemake.wildcards, params),
    **params.tiling,
)
