from awd import contracts, io, scoring, style
from awd.figures.predictions import predicted_against_observed, prediction_table

io.log_to(snakemake.log[0])
students, plain = (
    [io.read(path, contracts.PREDICTIONS) for path in paths]
    for paths in (snakemake.input.students, snakemake.input.baselines)
)
sets = scoring.join(students, plain)
figure = predicted_against_observed(*sets)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, prediction_table(*sets))
