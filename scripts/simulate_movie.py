from awd import io
from awd.cells import simulate, tracks
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
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
