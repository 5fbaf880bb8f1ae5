from awd import candidates, contracts, io, style, wavelet
from awd.figures.wavelets import wavelet_functions, wavelet_pair

io.log_to(snakemake.log[0])
method = snakemake.params.method
found = [
    candidates.from_dataset(io.read(path, contracts.WAVELETS))[method]
    for path in snakemake.input
]
filters = [wavelet.project(one.filter) for one in found]
figure = wavelet_pair(filters, method=method)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, wavelet_functions(filters))
