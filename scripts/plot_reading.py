from awd import features, io
from awd.league import choose, splits
from awd.log import log_to
from awd.record import contracts
from awd.report import style
from awd.report.figures.student import examples, reading, reading_table

log_to(snakemake.log[0])
params, target = snakemake.params, snakemake.wildcards.target
dataset, wavelets = snakemake.input
data = io.read(dataset, contracts.DATASET)
found = io.read(wavelets, contracts.WAVELETS)
candidate = choose.from_dataset(found)[params.method].chosen
train, shown = (splits.part(data, side, target) for side in ("train", "select"))
student = features.Student(features.Largest(**params.features), params.head)
student.fit(train.x, train.y, candidate.filter, candidate.levels)
rows = examples(student.predict(shown.x))
x, dt = shown.x[rows], data.attrs["dt_s"]
described = data.x.attrs
figure = reading(
    student,
    x,
    dt,
    observed=shown.y[rows],
    lengths=data["length"].values[shown.rows[rows]],
    background=train.x,
    signal=f"{described['long_name']} ({described['units']})",
    target=f"{target} ({shown.described['units']})",
)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, reading_table(student, x, dt, train.x))
