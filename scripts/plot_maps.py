from awd import io
from awd.log import log_to
from awd.maps.figures import sky
from awd.record import contracts
from awd.report import style

log_to(snakemake.log[0])
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    stem = snakemake.output[0].removesuffix(".png")
    style.save(sky.maps(maps), stem, sky.maps_table(maps))
