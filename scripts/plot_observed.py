from awd import io
from awd.maps.figures import inferred as figures
from awd.maps.infer import observed
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
given = snakemake.input
draws = observed.chains(io.read_table(given.table), given.chains)
stem = snakemake.output[0].removesuffix(".png")
style.save(figures.observed(draws), stem, draws)
