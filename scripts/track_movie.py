from awd import io
from awd.cells import tracker, tracks
from awd.cells.movie import open_movie
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
cell = snakemake.wildcards.cell


def track():
    movie = open_movie(*snakemake.input, **snakemake.params.movie)
    return tracker.track(movie, cell, **snakemake.params.tracker)


data = tracks.or_rejected(track, cell, snakemake.params.bad_cell)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(data, snakemake.output[0], tracks.TRACKS, stamp)
