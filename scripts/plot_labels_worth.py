from awd import io
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.handed import labels_worth, labels_worth_table

begin(snakemake)
table = io.read_table(snakemake.input[0])
chosen = table[table["target"] == snakemake.wildcards.target]
stem = snakemake.output[0].removesuffix(".png")
style.save(labels_worth(chosen), stem, labels_worth_table(chosen))
