from awd import io
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.search import choice, choice_table

begin(snakemake)
method = snakemake.params.method
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
figure = choice(*found, method=method)
style.save(figure, stem, choice_table(*found, method=method))
