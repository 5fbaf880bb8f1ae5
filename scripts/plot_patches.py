from awd import io
from awd.maps.figures import filters
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
wavelets = io.read(snakemake.input[0], contracts.WAVELETS)
table = filters.patches_table(wavelets)
stem = snakemake.output[0].removesuffix(".png")
style.save(filters.patches(wavelets), stem, table)
