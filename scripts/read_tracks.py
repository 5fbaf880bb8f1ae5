from awd import io
from awd.cells import region, tracks
from awd.cells.readers import by_kind
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
cell, params = snakemake.wildcards.cell, snakemake.params
told = dict(params.source)
mask = told.pop("mask")


def read():
    found = by_kind.read(params.kind, snakemake.input[0], cell, told)
    return tracks.labelled(region.keep(found, mask), **params.labels)


data = tracks.or_rejected(read, cell, params.bad_cell)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(data, snakemake.output[0], tracks.TRACKS, stamp)
