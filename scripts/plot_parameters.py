from awd import io
from awd.log import log_to
from awd.report import style
from awd.report.figures.scores import parameters, parameters_table

log_to(snakemake.log[0])
scores = io.read_table(snakemake.input[0])
study, target = snakemake.wildcards.study, snakemake.wildcards.target
chosen = scores[(scores["study"] == study) & (scores["target"] == target)]
stem = snakemake.output[0].removesuffix(".png")
style.save(parameters(chosen), stem, parameters_table(chosen))
