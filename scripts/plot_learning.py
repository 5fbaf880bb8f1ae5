from awd import io
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.training import learning, learning_table

begin(snakemake)
tables = [io.read_table(path) for path in snakemake.input]
names = tables[0]["network"].unique()
kinds = [name for name in names if name in snakemake.params.kinds]
histories = {
    kind: [
        training.drop(columns="network")
        for table in tables
        for _, training in table[table["network"] == kind].groupby("part")
    ]
    for kind in kinds
}
stem = snakemake.output[0].removesuffix(".png")
style.save(learning(histories), stem, learning_table(histories))
