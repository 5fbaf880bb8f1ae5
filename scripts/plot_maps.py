from awd import io
from awd.maps.figures import sky
from awd.maps.study.streamed import farthest
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
with io.opened(snakemake.input[0], contracts.MAPS) as opened:
    maps = farthest(opened)
    stem = snakemake.output[0].removesuffix(".png")
    style.save(sky.maps(maps), stem, sky.maps_table(maps))
