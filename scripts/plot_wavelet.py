from awd import contracts, figures, io

io.log_to(snakemake.log[0])
paths = snakemake.input
filters = [io.read(path, contracts.WAVELET)["filter"].values for path in paths]
figure = figures.wavelet_pair(filters)
stem = snakemake.output[0].removesuffix(".png")
figures.save(figure, stem, figures.wavelet_functions(filters))
