from awd import io
from awd.log import log_to
from awd.record import contracts
from awd.report import style
from awd.report.figures.wavelets import filters, filters_table

log_to(snakemake.log[0])
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
style.save(filters(*found), stem, filters_table(*found))
