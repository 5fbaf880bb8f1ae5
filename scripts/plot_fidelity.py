from awd import io
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.fidelity import fidelity, fidelity_table

begin(snakemake)
students = [io.read(path, contracts.PREDICTIONS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
style.save(fidelity(students), stem, fidelity_table(students))
