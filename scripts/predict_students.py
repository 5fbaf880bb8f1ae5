from functools import partial

from awd import (
    attribution,
    comparison,
    contracts,
    features,
    io,
    provenance,
    splits,
    teachers,
    wavelet,
)

io.log_to(snakemake.log[0])
wildcards, params = snakemake.wildcards, snakemake.params
names = {key: wildcards[key] for key in ("study", "split", "teacher")}
data = io.read(snakemake.input.dataset, contracts.DATASET)
train, test = (splits.part(data, side, wildcards.target) for side in ("train", "test"))
cache = io.read(snakemake.input.attribution, contracts.ATTRIBUTION)
model = teachers.load(snakemake.input.teacher)
predict = partial(attribution.output, model, device=params.device)
teaching = comparison.Teaching(
    cache["output"].values,
    predict(test.x),
    attribution.saliency(model, test.x, device=params.device),
)
size = sum(weights.numel() for weights in model.parameters())
found = [io.read(path, contracts.WAVELET) for path in snakemake.input.wavelets]
banks = {one.attrs["objective"]: comparison.Bank.distilled(one) for one in found}
for name in params.named:
    banks[name] = comparison.Bank(wavelet.from_pywt(name), "wavelet")
student = features.Student(
    features.Largest(params.student["largest"]), params.student["head"]
)
entries = {
    model.record["kind"]: comparison.enter_teacher(predict, teaching, size),
    **comparison.enter_wavelets(train, test, banks, teaching, student, params.levels),
}
stamp = provenance.stamp(snakemake.rule, wildcards, params)
predictions = comparison.to_dataset(entries, test, **names)
io.write(predictions, snakemake.output.predictions, contracts.PREDICTIONS, stamp)
timings = comparison.time_inference(entries, test.x, target=test.target, **names)
io.write_table(timings, snakemake.output.timings)
