from awd import io, style
from awd.maps import figures

io.log_to(snakemake.log[0])
table = io.read_table(snakemake.input[0])
style.save(figures.realism(table), snakemake.output[0].removesuffix(".png"), table)
