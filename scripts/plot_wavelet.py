from awd import io
from awd.league import choose
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.wavelets import wavelet, wavelet_table
from awd.wavelet import project

begin(snakemake)
method = snakemake.params.method
files = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
methods = [choose.from_dataset(ds)[method] for ds in files]
filters = [project(found.chosen.filter) for found in methods]
draws = [choose.draws_of(ds, method) for ds in files]
figure = wavelet(filters, method=method, draws=draws)
stem = snakemake.output[0].removesuffix(".png")
style.save(figure, stem, wavelet_table(filters, draws=draws))
