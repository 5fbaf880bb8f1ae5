from awd import io
from awd.maps.figures.inferred import inferred, inferred_table
from awd.maps.infer.predict import INFERRED
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
statistics = [io.read(path, INFERRED) for path in snakemake.input]
stem = snakemake.output[0].removesuffix(".png")
table = inferred_table(statistics, "emulator")
style.save(inferred(statistics, "emulator"), stem, table)
