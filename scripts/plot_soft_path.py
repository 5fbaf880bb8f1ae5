from awd import io
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style
from awd.report.figures.soft import soft_path, soft_path_table

begin(snakemake)
found = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
style.save(soft_path(*found), stem, soft_path_table(*found))
