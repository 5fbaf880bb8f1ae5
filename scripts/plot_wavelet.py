from awd import io, wavelet
from awd.league import choose
from awd.log import log_to
from awd.record import contracts
from awd.report import style
from awd.report.figures.wavelets import wavelet_functions, wavelet_pair

log_to(snakemake.log[0])
method = snakemake.params.method
files = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
methods = [choose.from_dataset(ds)[method] for ds in files]
filters = [wavelet.project(found.chosen.filter) for found in methods]
draws = [choose.draws_of(ds, method) for ds in files]
figure = wavelet_pair(filters, method=method, draws=draws)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, wavelet_functions(filters, draws=draws))
