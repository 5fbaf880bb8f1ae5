from awd import io
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.fidelity import fidelity, fidelity_table

begin(snakemake)
students = [io.read(path, contracts.PREDICTIONS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
table = fidelity_table(students)
style.save(fidelity(table), stem, table)
