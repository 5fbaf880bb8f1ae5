from awd import io
from awd.log import log_to
from awd.record import contracts
from awd.report import style
from awd.report.figures.curves import curves, curves_table
from awd.study import students

log_to(snakemake.log[0])
given, params = snakemake.input, snakemake.params
target = snakemake.wildcards.target
student, known = students.taught(given, target, params.student, params.method)
data = io.read(given.samples, contracts.DATASET)
windows = data["channel"].values.tolist() if "channel" in data else ["whole"]
stem = snakemake.output[0].removesuffix(".png")
style.save(curves(student, known.x, windows), stem, curves_table(student, known.x))
