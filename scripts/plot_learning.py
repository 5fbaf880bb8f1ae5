from awd import io
from awd.log import log_to
from awd.report import style
from awd.report.figures.training import learning_curve, learning_table

log_to(snakemake.log[0])
histories = {
    kind: [io.read_table(path) for path in snakemake.input[kind]]
    for kind in snakemake.params.kinds
}
stem = snakemake.output[0].removesuffix(".png")
style.save(learning_curve(histories), stem, learning_table(histories))
