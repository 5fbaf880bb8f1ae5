from awd import contracts, figures, io

io.log_to(snakemake.log[0])
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
figures.save(figures.filters(*found), stem, figures.filter_table(*found))
