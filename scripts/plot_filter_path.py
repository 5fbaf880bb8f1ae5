from awd import contracts, figures, io

io.log_to(snakemake.log[0])
path = io.read(snakemake.input[0], contracts.WAVELET)
stem = snakemake.output[0].removesuffix(".png")
figures.save(figures.filter_path(path), stem, figures.path_table(path))
