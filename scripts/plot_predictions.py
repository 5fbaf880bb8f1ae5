from awd import io
from awd.league import score
from awd.log import log_to
from awd.record import contracts
from awd.report import style
from awd.report.figures.predictions import predicted_against_observed, prediction_table

log_to(snakemake.log[0])
students, plain = (
    [io.read(path, contracts.PREDICTIONS) for path in paths]
    for paths in (snakemake.input.students, snakemake.input.baselines)
)
sets = score.join(students, plain)
figure = predicted_against_observed(*sets)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, prediction_table(*sets))
