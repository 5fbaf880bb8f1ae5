from awd import io
from awd.log import log_to
from awd.maps.figures import sky
from awd.report import style

log_to(snakemake.log[0])
table = io.read_table(snakemake.input[0])
style.save(sky.realism(table), snakemake.output[0].removesuffix(".png"), table)
