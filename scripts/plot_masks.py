from awd import io
from awd.maps.figures import filters
from awd.record import contracts
from awd.record.jobs import begin
from awd.report import style

begin(snakemake)
given = snakemake.input
wavelets = io.read(given.wavelets[0], contracts.WAVELETS)
outputs = io.read(given.outputs[0], contracts.OUTPUTS)
with io.opened(given.maps, contracts.MAPS) as maps:
    panels = filters.mask_panels(maps, outputs, wavelets)
stem = snakemake.output[0].removesuffix(".png")
style.save(filters.masks(panels), stem, filters.masks_table(panels))
