from awd import io
from awd.log import log_to
from awd.record import contracts
from awd.report import style
from awd.report.figures.search import choice, choice_table

log_to(snakemake.log[0])
method = snakemake.params.method
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
figure = choice(*found, method=method)
style.save(figure, stem, choice_table(*found, method=method))
