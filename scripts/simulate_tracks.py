from awd import io
from awd.cells import simulate, tracks
from awd.log import log_to
from awd.record import provenance

log_to(snakemake.log[0])
data = simulate.simulate_traces(
    snakemake.params.preset,
    cell=snakemake.wildcards.cell,
    n_tracks=snakemake.params.tracks,
    seed=snakemake.params.seed,
)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(data, snakemake.output[0], tracks.TRACKS, stamp)
