from awd import contracts, io, style
from awd.figures.search import choice, choice_table

io.log_to(snakemake.log[0])
method = snakemake.params.method
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
figure = choice(*found, method=method)
style.save(figure, stem, choice_table(*found, method=method))
