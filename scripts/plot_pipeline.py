from awd import io, wavelet
from awd.cells import tracks
from awd.cells.figures.pipeline import pipeline, pipeline_table
from awd.cells.movie import open_movie
from awd.league import choose
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
given, params = snakemake.input, snakemake.params
cell = tracks.read_usable(given.tracks)[0]
told = dict(params.movies[cell.attrs["cell"]])
told.pop("mask", None)
movie = open_movie(*told.pop("files"), **told)
found = choose.from_dataset(io.read(given.wavelets[0], contracts.WAVELETS))
taps = wavelet.project(found[params.method].chosen.filter)
students = [io.read(path, contracts.PREDICTIONS) for path in given.students]
stem = snakemake.output[0].removesuffix(".png")
figure = pipeline(movie, cell, taps, students)
style.save(figure, stem, pipeline_table(cell, taps, students))
