from functools import partial

from awd import io
from awd.maps.study import bank
from awd.record import checkpoint, contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
params = snakemake.params
family = snakemake.wildcards.family
job = checkpoint.Job(snakemake.log[0], snakemake.input, {**params, "family": family})
with io.opened(snakemake.input[0], contracts.MAPS) as maps:
    rows = bank.rows_of(maps, params.train, params.select)
    each = partial(checkpoint.mapped, name=family, checkpoint=job.of("features"))
    ds = bank.fill(family, maps, rows, params.candidates, params.seed, each)
stamp = provenance.stamp(snakemake.rule, snakemake.wildcards, params)
io.write(ds, snakemake.output[0], bank.BANK, stamp)
job.done()
