from awd import io
from awd.maps.sky import universe
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
for path, names, seed in zip(snakemake.output, params.names, params.seeds, strict=True):
    x = universe.simulate(**params.cosmology, **params.simulator, seed=seed)
    ds = universe.shard(x, {**params.cosmology, **names})
    io.write(ds, path, contracts.SHARD, stamp)
