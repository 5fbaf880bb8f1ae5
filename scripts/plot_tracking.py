from awd.cells import tracks
from awd.cells.figures.tracking import tracking, tracking_table
from awd.cells.movie import open_movie
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
cell = tracks.read_usable(snakemake.input.tracks)[0]
told = dict(snakemake.params.movies[cell.attrs["cell"]])
told.pop("mask", None)
movie = open_movie(*told.pop("files"), **told)
stem = snakemake.output[0].removesuffix(".png")
style.save(tracking(movie, cell), stem, tracking_table(movie, cell))
