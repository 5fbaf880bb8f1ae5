from awd import io
from awd.log import log_to
from awd.report import style
from awd.report.figures.handed import labels_worth, labels_worth_table

log_to(snakemake.log[0])
table = io.read_table(snakemake.input[0])
chosen = table[table["target"] == snakemake.wildcards.target]
stem = snakemake.output[0].removesuffix(".png")
style.save(labels_worth(chosen), stem, labels_worth_table(chosen))
