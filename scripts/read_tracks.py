from awd import io, provenance
from awd.cells import matlab, tracks

io.log_to(snakemake.log[0])
data = matlab.read_fxycms(
    snakemake.input[0],
    cell=snakemake.wildcards.cell,
    frame_interval_s=snakemake.params.frame_interval_s,
    pixel_nm=snakemake.params.pixel_nm,
)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(data, snakemake.output[0], tracks.TRACKS, stamp)
