from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.curves import curves, curves_table
from awd.report.figures.parts import with_unit
from awd.report.figures.student import channels
from awd.study import students

begin(snakemake)
given, params = snakemake.input, snakemake.params
target = snakemake.wildcards.target
student, known = students.taught(given, target, params.student, params.method)
stem = snakemake.output[0].removesuffix(".png")
windows = params.windows or channels(known.x)
prediction = with_unit(f"predicted {target}", known.described["units"])
figure = curves(student, known.x, windows, prediction)
style.save(figure, stem, curves_table(student, known.x))
