from awd import io
from awd.cells import simulate, tracks
from awd.log import log_to
from awd.record import provenance

log_to(snakemake.log[0])
truth = simulate.simulate_movie(
    snakemake.params.preset,
    cell=snakemake.wildcards.cell,
    seed=snakemake.params.seed,
    master=snakemake.output.master,
    slave=snakemake.output.slave,
    frames=snakemake.params.frames,
    size=snakemake.params.size,
)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(truth, snakemake.output.truth, tracks.TRACKS, stamp)
