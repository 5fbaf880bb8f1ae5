from awd import io
from awd.league.choose import draws_of
from awd.maps.figures import filters
from awd.maps.study import bank, describe
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
shelf = io.read(snakemake.input.bank, bank.BANK)
wavelets = io.read(snakemake.input.wavelets[0], contracts.WAVELETS)
family = shelf.attrs["family"]
draws = draws_of(wavelets, "output")
path = filters.path_of(shelf, describe.by_candidate(wavelets), draws)
stem = snakemake.output[0].removesuffix(".png")
style.save(filters.adapting(path, family), stem, path)
filters.animate(path, family, f"{stem}.gif")
