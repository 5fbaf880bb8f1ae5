from awd import io
from awd.log import log_to
from awd.maps.figures.steps import steps, steps_table
from awd.record import contracts
from awd.report import style

log_to(snakemake.log[0])
given = snakemake.input
wavelets = io.read(given.wavelets[0], contracts.WAVELETS)
students = [io.read(path, contracts.PREDICTIONS) for path in given.students]
stem = snakemake.output[0].removesuffix(".png")
with io.opened(given.maps, contracts.MAPS) as maps:
    figure = steps(maps, wavelets, students)
    style.save(figure, stem, steps_table(maps, wavelets, students))
