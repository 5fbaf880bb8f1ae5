import numpy as np

from awd import contracts, distil, features, io, provenance, splits

io.log_to(snakemake.log[0])
wildcards, params = snakemake.wildcards, snakemake.params
data = io.read(snakemake.input.dataset, contracts.DATASET)
cache = io.read(snakemake.input.attribution, contracts.ATTRIBUTION)
train = splits.part(data, "train", wildcards.target)
settings = dict(params.distil)
result = distil.distil(
    train.x,
    cache["gradient"].values,
    objective=wildcards.objective,
    ratio=[*settings.pop("ratios"), np.inf],
    random_state=params.seed,
    **settings,
)
student = features.Student(
    features.Largest(params.student["largest"]), params.student["head"]
)
found = distil.choose(
    result, train.x, cache["output"].values, train.groups, student, params.folds
)
found.attrs |= {"teacher": wildcards.teacher, "target": wildcards.target}
stamp = provenance.stamp(snakemake.rule, wildcards, params)
io.write(found, snakemake.output[0], contracts.WAVELET, stamp)
