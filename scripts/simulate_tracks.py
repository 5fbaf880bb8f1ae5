from awd import io
from awd.cells import simulate, tracks
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
data = simulate.simulate_traces(
    snakemake.params.preset,
    cell=snakemake.wildcards.cell,
    n_tracks=snakemake.params.tracks,
    seed=snakemake.params.seed,
)
data = tracks.labelled(data, **snakemake.params.labels)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(data, snakemake.output[0], tracks.TRACKS, stamp)
