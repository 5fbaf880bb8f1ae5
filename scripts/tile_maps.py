from awd.maps import readers
from awd.maps.study import dataset
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
source = params.source
if source["kind"] == "simulated":
    collection = dataset.shards(snakemake.input)
else:
    collection = (
        readers.fits_tree(source["files"], source["table"], source["first"])
        if source["kind"] == "fits"
        else readers.npz_archive(source["file"])
    )
    collection = dataset.split_by_realisation(collection, source["realisations"])
dataset.write(
    collection,
    snakemake.output[0],
    pixel_arcmin=params.pixel_arcmin,
    seed=params.seed,
    stamp=provenance.stamp(snakemake.rule, snakemake.wildcards, params),
    **params.tiling,
)
