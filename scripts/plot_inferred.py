from awd import io
from awd.log import log_to
from awd.maps.figures.inferred import inferred, inferred_table
from awd.maps.infer.predict import INFERRED
from awd.report import style

log_to(snakemake.log[0])
statistics = [io.read(path, INFERRED) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
table = inferred_table(statistics, "emulator")
style.save(inferred(statistics, "emulator"), stem, table)
