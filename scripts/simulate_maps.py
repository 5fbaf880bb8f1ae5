from awd import io
from awd.maps.sky import universe
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
x = universe.simulate(**params.cosmology, **params.simulator, seed=params.seed)
ds = universe.shard(x, {**params.cosmology, **params.names})
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(ds, snakemake.output[0], contracts.SHARD, stamp)
