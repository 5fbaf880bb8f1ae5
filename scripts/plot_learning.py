from awd import io
from awd.log import log_to
from awd.report import style
from awd.report.figures.training import learning, learning_table

log_to(snakemake.log[0])
tables = [io.read_table(path) for path in snakemake.input]
kinds = [k for k in tables[0]["network"].unique() if k not in snakemake.params.controls]
histories = {
    kind: [table[table["network"] == kind].drop(columns="network") for table in tables]
    for kind in kinds
}
stem = snakemake.output[0].removesuffix(".png")
style.save(learning(histories), stem, learning_table(histories))
