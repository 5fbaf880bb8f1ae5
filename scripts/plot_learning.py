from awd import figures, io

io.log_to(snakemake.log[0])
histories = {
    kind: [io.read_table(path) for path in snakemake.input[kind]]
    for kind in snakemake.params.kinds
}
stem = snakemake.output[0].removesuffix(".png")
figures.save(figures.learning_curve(histories), stem, figures.learning_table(histories))
