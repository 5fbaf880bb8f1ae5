from awd import io
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.scores import scores, scores_table

begin(snakemake)
table = io.read_table(snakemake.input[0])
study, target = snakemake.wildcards.study, snakemake.wildcards.target
chosen = table[(table["study"] == study) & (table["target"] == target)]
stem = snakemake.output[0].removesuffix(".png")
style.save(scores(chosen), stem, scores_table(chosen))
