from awd import figures, io

io.log_to(snakemake.log[0])
histories = [io.read_table(path) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
figures.save(
    figures.learning_curve(*histories), stem, figures.learning_table(*histories)
)
