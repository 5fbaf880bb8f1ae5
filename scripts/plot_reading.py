from awd import io
from awd.league import splits
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.parts import described, with_unit
from awd.report.figures.student import channels, examples, reading, reading_table
from awd.study import students

begin(snakemake)
given, params, target = snakemake.input, snakemake.params, snakemake.wildcards.target
student, known = students.taught(given, target, params.student, params.method)
data = io.read(given.samples, contracts.DATASET)
shown = splits.part(data, "select", target)
rows = examples(student.predict(shown.x))
x = shown.x[rows]
figure = reading(
    student,
    x,
    windows=params.windows or channels(x),
    observed=shown.y[rows],
    lengths=data["length"].values[shown.rows[rows]] if "length" in data else None,
    background=known.x,
    signal=described(data.x),
    target=with_unit(target, shown.described["units"]),
    cut=bool(params.windows),
)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, reading_table(student, x, known.x))
