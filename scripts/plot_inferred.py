from awd import io
from awd.maps.figures.inferred import inferred, inferred_table
from awd.maps.infer.predict import INFERRED
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
given = snakemake.input
statistics = [io.read(path, INFERRED) for path in given.inferred]
students = [io.read(path, contracts.PREDICTIONS) for path in given.students]
stem = snakemake.output[0].removesuffix(".png")
table = inferred_table(statistics, students, "emulator")
style.save(inferred(statistics, students, "emulator"), stem, table)
