from awd import io, style
from awd.figures.training import learning_curve, learning_table

io.log_to(snakemake.log[0])
histories = {
    kind: [io.read_table(path) for path in snakemake.input[kind]]
    for kind in snakemake.params.kinds
}
stem = snakemake.output[0].removesuffix(".png")
style.save(learning_curve(histories), stem, learning_table(histories))
