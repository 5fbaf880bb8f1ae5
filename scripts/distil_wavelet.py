from awd import features, io
from awd.league import splits
from awd.log import log_to
from awd.record import checkpoint, contracts, provenance
from awd.search import candidates
from awd.study import distil

log_to(snakemake.log[0])
wildcards, params = snakemake.wildcards, snakemake.params
job = checkpoint.Job(snakemake.log[0], snakemake.input, params)
data = io.read(snakemake.input.dataset, contracts.DATASET)
cache = io.read(snakemake.input.attribution, contracts.ATTRIBUTION)
said = {
    str(name): distil.Said(output, gradient, job.of(str(name)))
    for name, output, gradient in zip(
        *(cache[key].values for key in ("teacher", "output", "gradient")), strict=True
    )
}
settings = dict(params.distil)
objectives, largest = settings.pop("objectives"), settings.pop("largest")
contest = distil.Contest(
    splits.part(data, "train", wildcards.target),
    features.Largest(largest),
    seed=params.seed,
    folds=params.folds,
    **settings,
)
methods = contest.wavelets(said, objectives)
names = {key: wildcards[key] for key in ("target", "split", "seed")}
found = candidates.to_dataset(methods, mode="zero", **names)
stamp = provenance.stamp(snakemake.rule, wildcards, params)
io.write(found, snakemake.output[0], contracts.WAVELETS, stamp)
job.done()
