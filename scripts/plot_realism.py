from awd import io
from awd.maps.figures import sky
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
table = io.read_table(snakemake.input[0])
style.save(sky.realism(table), snakemake.output[0].removesuffix(".png"), table)
