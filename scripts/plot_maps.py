from awd import io
from awd.maps.figures import sky
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    stem = snakemake.output[0].removesuffix(".png")
    style.save(sky.maps(maps), stem, sky.maps_table(maps))
