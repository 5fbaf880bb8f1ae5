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
with io.opened(given.samples, contracts.DATASET) as data:
    shown, signal = splits.part(data, "select", target), described(data.x)
    lengths = data["length"].values[shown.rows] if "length" in data else None
rows = examples(student.predict(shown.x))
x = shown.x[rows]
figure = reading(
    student,
    x,
    windows=params.windows or channels(x),
    observed=shown.y[rows],
    lengths=None if lengths is None else lengths[rows],
    background=known.x,
    signal=signal,
    target=with_unit(target, shown.described["units"]),
    cut=bool(params.windows),
)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, reading_table(student, x, known.x))
