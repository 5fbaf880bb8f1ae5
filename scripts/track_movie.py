from awd import io
from awd.cells import region, tracker, tracks
from awd.cells.movie import open_movie
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
cell, params = snakemake.wildcards.cell, snakemake.params
told = dict(params.movie)
files, mask = told.pop("files", snakemake.input), told.pop("mask", None)


def track():
    movie = open_movie(*files, **told)
    found = tracker.track(movie, cell, **params.tracker)
    return tracks.labelled(region.keep(found, mask, movie), **params.labels)


data = tracks.or_rejected(track, cell, params.bad_cell)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(data, snakemake.output[0], tracks.TRACKS, stamp)
