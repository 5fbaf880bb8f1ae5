from awd import io
from awd.log import log_to
from awd.maps.figures import filters
from awd.record import contracts
from awd.report import style

log_to(snakemake.log[0])
wavelets = io.read(snakemake.input[0], contracts.WAVELETS)
table = filters.patches_table(wavelets)
stem = snakemake.output[0].removesuffix(".png")
style.save(filters.patches(wavelets), stem, table)
