from awd import io
from awd.maps.study import describe
from awd.record import contracts
from awd.record.jobs import begin

begin(snakemake)
seeds = [io.read(path, contracts.WAVELETS) for path in snakemake.input]
io.write_table(describe.table(seeds), snakemake.output[0])
