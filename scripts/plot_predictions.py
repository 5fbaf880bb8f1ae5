from awd import io
from awd.league import score
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.predictions import predictions, predictions_table

begin(snakemake)
students, plain = (
    [io.read(path, contracts.PREDICTIONS) for path in paths]
    for paths in (snakemake.input.students, snakemake.input.baselines)
)
sets = score.join(students, plain)
figure = predictions(*sets)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, predictions_table(*sets))
