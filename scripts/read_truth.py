from awd import io, provenance
from awd.cells import simulate, tracks

io.log_to(snakemake.log[0])
truth = io.read(snakemake.input[0], tracks.TRACKS)
data = simulate.read_truth(truth, snakemake.params.preset, snakemake.params.seed)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, snakemake.params)
io.write(data, snakemake.output[0], tracks.TRACKS, stamp)
