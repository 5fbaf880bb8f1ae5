from awd import io
from awd.maps.sky import cosmology, universe
from awd.record import contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
number = int(snakemake.wildcards.cosmology.removeprefix("c"))
parameters = cosmology.grid(number + 1, **params.drawn).iloc[number].to_dict()
for path, names, seed in zip(snakemake.output, params.names, params.seeds, strict=True):
    x = universe.simulate(**parameters, **params.simulator, seed=seed)
    ds = universe.shard(x, {**parameters, **names})
    io.write(ds, path, contracts.SHARD, stamp)
