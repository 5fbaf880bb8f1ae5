import importlib

from awd import io
from awd.record import checkpoint, contracts, provenance
from awd.record.jobs import begin

begin(snakemake)
wildcards, params = snakemake.wildcards, snakemake.params
job = checkpoint.Job(snakemake.log[0], snakemake.input, params)
wavelets = importlib.import_module(params.step).wavelets(
    snakemake.input, wildcards.target, params.settings, params.seed, job
)
wavelets.attrs |= {name: wildcards[name] for name in ("target", "split", "seed")}
stamp = provenance.stamp(snakemake.rule, wildcards, params)
io.write(wavelets, snakemake.output[0], contracts.WAVELETS, stamp)
job.done()
