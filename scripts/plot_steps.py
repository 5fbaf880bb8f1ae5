from awd import io
from awd.maps.figures.steps import steps, steps_table
from awd.maps.study.streamed import farthest, with_first
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
given = snakemake.input
wavelets = io.read(given.wavelets[0], contracts.WAVELETS)
students = [io.read(path, contracts.PREDICTIONS) for path in given.students]
stem = snakemake.output[0].removesuffix(".png")
with io.opened(given.maps, contracts.MAPS) as opened:
    maps = farthest(with_first(opened, snakemake.wildcards.target))
    figure = steps(maps, wavelets, students)
    style.save(figure, stem, steps_table(maps, wavelets, students))
