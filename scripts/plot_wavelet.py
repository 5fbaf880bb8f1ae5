from awd import candidates, contracts, figures, io, wavelet

io.log_to(snakemake.log[0])
method = snakemake.params.method
found = [
    candidates.from_dataset(io.read(path, contracts.WAVELETS))[method]
    for path in snakemake.input
]
filters = [wavelet.project(one.filter) for one in found]
figure = figures.wavelet_pair(filters, method=method)
stem = snakemake.output[0].removesuffix(".png")
figures.save(figure, stem, figures.wavelet_functions(filters))
