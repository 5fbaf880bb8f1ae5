from awd import contracts, figures, io, scoring

io.log_to(snakemake.log[0])
students, plain = (
    [io.read(path, contracts.PREDICTIONS) for path in paths]
    for paths in (snakemake.input.students, snakemake.input.baselines)
)
sets = scoring.join(students, plain)
figure = figures.predicted_against_observed(*sets)
stem = snakemake.output[0].removesuffix(".png")
figures.save(figure, stem, figures.prediction_table(*sets))
