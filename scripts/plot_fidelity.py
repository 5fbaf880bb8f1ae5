from awd import io
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.scores import fidelity, fidelity_table

begin(snakemake)
scores = io.read_table(snakemake.input[0])
study, target = snakemake.wildcards.study, snakemake.wildcards.target
chosen = scores[(scores["study"] == study) & (scores["target"] == target)]
stem = snakemake.output[0].removesuffix(".png")
style.save(fidelity(chosen), stem, fidelity_table(chosen))
