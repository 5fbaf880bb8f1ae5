from functools import partial

from awd import features, io
from awd.league import predict, splits
from awd.log import log_to
from awd.record import contracts, provenance
from awd.teacher import ask, training
from awd.teacher.networks import load

log_to(snakemake.log[0])
wildcards, params, given = snakemake.wildcards, snakemake.params, snakemake.input
device = training.device(params.device).type  # refuses one that is not here, at once
names = {key: wildcards[key] for key in ("study", "split", "seed")}
data = io.read(given.dataset, contracts.DATASET)
train, test = (splits.part(data, side, wildcards.target) for side in ("train", "test"))
cache = io.read(given.attribution, contracts.ATTRIBUTION)
models = dict(zip(params.kinds, map(load, given.teachers), strict=True))
first = params.kinds[0]
models_by_kind = {
    kind: partial(ask.output, model, device=device) for kind, model in models.items()
}
sizes = {
    kind: sum(weights.numel() for weights in model.parameters())
    for kind, model in models.items()
}
teaching = predict.Teaching(
    cache["output"].sel(teacher=first).values,
    predict[first](test.x),
    ask.saliency(models[first], test.x, device=device),
)
banks = predict.banks_of(io.read(given.wavelets, contracts.WAVELETS))
banks |= predict.named_banks(**params.named)
student = features.Student(features.Largest(**params.features), params.head)
entries = predict.enter_teachers(test, teaching, predict, sizes)
entries |= predict.enter_wavelets(train, test, banks, teaching, student)
predictions = predict.to_dataset(entries, test, **names)
stamp = provenance.stamp(snakemake.rule, wildcards, params)
io.write(predictions, snakemake.output.predictions, contracts.PREDICTIONS, stamp)
timings = predict.time_inference(entries, target=test.target, **names)
io.write_table(timings, snakemake.output.timings)
