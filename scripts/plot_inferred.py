from awd import io
from awd.log import log_to
from awd.maps.figures.inferred import predicted, predicted_table
from awd.maps.infer.predict import INFERRED
from awd.report import style

log_to(snakemake.log[0])
inferred = [io.read(path, INFERRED) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
table = predicted_table(inferred, "emulator")
style.save(predicted(inferred, "emulator"), stem, table)
