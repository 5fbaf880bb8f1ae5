from awd import io
from awd.maps import readers
from awd.maps.measure import masks
from awd.maps.study import dataset
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
source, targets = params.source, params.tiling["targets"]
left_out, mask = None, next(iter(snakemake.input.mask), None)
if source["kind"] == "simulated":
    collection = dataset.shards(snakemake.input.maps)
else:
    least = masks.LEAST if params.tiling["nan"] == "mask" else 1.0
    collection = readers.of_source(source, targets, least)
    if source["bad_map"] == "skip":
        tiles = {key: params.tiling[key] for key in ("nan", "size", "tile", "stride")}
        collection, left_out = dataset.usable(collection, mask=mask, **tiles)
        io.write_table(dataset.table_of(left_out), snakemake.output.left_out[0])
    dataset.require_enough(
        collection, targets, params.methods, params.tiling, source["bins"]
    )
dataset.write(
    collection,
    snakemake.output.samples,
    pixel_arcmin=params.pixel_arcmin,
    mask=mask,
    seed=params.seed,
    left_out=left_out,
    stamp=provenance.stamp(snakemake.rule, snakemake.wildcards, params),
    **params.tiling,
)
