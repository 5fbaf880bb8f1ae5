from awd import io
from awd.league import score
from awd.log import log_to
from awd.record import contracts
from awd.report import style
from awd.report.figures.predictions import predictions, predictions_table

log_to(snakemake.log[0])
students, plain = (
    [io.read(path, contracts.PREDICTIONS) for path in paths]
    for paths in (snakemake.input.students, snakemake.input.baselines)
)
sets = score.join(students, plain)
figure = predictions(*sets)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, predictions_table(*sets))
