from awd import io, wavelet
from awd.log import log_to
from awd.record import contracts
from awd.report import style
from awd.report.figures.wavelets import wavelet_functions, wavelet_pair
from awd.search import candidates

log_to(snakemake.log[0])
method = snakemake.params.method
files = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
found = [candidates.from_dataset(one)[method] for one in files]
filters = [wavelet.project(one.filter) for one in found]
draws = [candidates.draws_of(one, method) for one in files]
figure = wavelet_pair(filters, method=method, draws=draws)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, wavelet_functions(filters, draws=draws))
