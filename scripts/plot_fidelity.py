from awd import figures, io

io.log_to(snakemake.log[0])
scores = io.read_table(snakemake.input[0])
study, target = snakemake.wildcards.study, snakemake.wildcards.target
chosen = scores[(scores["study"] == study) & (scores["target"] == target)]
stem = snakemake.output[0].removesuffix(".png")
figures.save(figures.fidelity_against_r2(chosen), stem, figures.fidelity_table(chosen))
