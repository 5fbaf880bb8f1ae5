from awd import io
from awd.record import contracts, provenance
from awd.record.jobs import begin
from awd.study import handed
from awd.teacher import training

begin(snakemake)
wildcards, params = snakemake.wildcards, snakemake.params
device = training.device(params.device).type  # refuses one that is not here, at once
found = handed.predictions(
    snakemake.input, wildcards.target, params.settings, params.seed, device
)
names = {name: wildcards[name] for name in ("study", "split", "seed", "shift")}
found = found.assign_attrs(target_name=wildcards.target, **names)
stamp = provenance.stamp(snakemake.rule, wildcards, params)
io.write(found, snakemake.output[0], contracts.HANDED, stamp)
