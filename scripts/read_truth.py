from awd import io
from awd.cells import simulate, tracks
from awd.record import provenance
from awd.record.jobs import begin

begin(snakemake)
truth = io.read(snakemake.input[0], tracks.TRACKS)
data = simulate.read_truth(truth, snakemake.params.preset, snakemake.params.seed)
data = tracks.labelled(data, **snakemake.params.labels)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(data, snakemake.output[0], tracks.TRACKS, stamp)
