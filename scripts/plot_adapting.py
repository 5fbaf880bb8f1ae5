from awd import io
from awd.log import log_to
from awd.maps.figures import filters
from awd.maps.study import bank
from awd.report import style

log_to(snakemake.log[0])
shelf = io.read(snakemake.input.bank, bank.BANK)
table = io.read_table(snakemake.input.scores[0])
family = shelf.attrs["family"]
path = filters.path_of(shelf, table)
stem = snakemake.output[0].removesuffix(".png")
style.save(filters.adapting(path, family), stem, path)
filters.animate(path, family, f"{stem}.gif")
