from awd import io
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.search import filter_path, filter_path_table

begin(snakemake)
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
style.save(filter_path(*found), stem, filter_path_table(*found))
