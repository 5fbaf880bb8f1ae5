from awd import io
from awd.log import log_to
from awd.maps.sky import universe
from awd.record import contracts, provenance

log_to(snakemake.log[0])
params = snakemake.params
x = universe.simulate(**params.cosmology, **params.simulator, seed=params.seed)
ds = universe.shard(x, {**params.cosmology, **params.names})
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(ds, snakemake.output[0], contracts.SHARD, stamp)
