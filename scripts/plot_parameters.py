from awd import io
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.scores import parameters, parameters_table

begin(snakemake)
scores = io.read_table(snakemake.input[0])
study, target = snakemake.wildcards.study, snakemake.wildcards.target
chosen = scores[(scores["study"] == study) & (scores["target"] == target)]
stem = snakemake.output[0].removesuffix(".png")
style.save(parameters(chosen), stem, parameters_table(chosen))
