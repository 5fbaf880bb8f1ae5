from awd import contracts, figures, io

io.log_to(snakemake.log[0])
found, method = (
    [io.read(path, contracts.WAVELETS) for path in snakemake.input],
    snakemake.params.method,
)
stem = snakemake.output[0].removesuffix(".png")
figures.save(
    figures.choice(*found, method=method),
    stem,
    figures.choice_table(*found, method=method),
)
