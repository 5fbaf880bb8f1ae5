from awd import io
from awd.maps.figures import filters
from awd.maps.study.streamed import farthest, with_first
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
given = snakemake.input
wavelets = io.read(given.wavelets[0], contracts.WAVELETS)
outputs = io.read(given.outputs[0], contracts.OUTPUTS)
outputs = farthest(with_first(outputs, snakemake.wildcards.target))
with io.opened(given.maps, contracts.MAPS) as opened:
    maps = farthest(with_first(opened, snakemake.wildcards.target))
    panels = filters.mask_panels(maps, outputs, wavelets)
stem = snakemake.output[0].removesuffix(".png")
style.save(
    filters.masks(panels, maps.attrs["pixel_arcmin"]), stem, filters.masks_table(panels)
)
