from awd import io, style
from awd.maps import bank, figures_filters

io.log_to(snakemake.log[0])
shelf = io.read(snakemake.input.bank, bank.BANK)
table = io.read_table(snakemake.input.scores[0])
family = shelf.attrs["family"]
path = figures_filters.path_of(shelf, table)
stem = snakemake.output[0].removesuffix(".png")
style.save(figures_filters.adapting(path, family), stem, path)
figures_filters.animate(path, family, f"{stem}.gif")
