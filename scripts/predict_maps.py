from awd import io
from awd.log import log_to
from awd.maps.infer.predict import INFERRED
from awd.maps.study import entries, students
from awd.record import contracts, provenance
from awd.teacher import networks, training

log_to(snakemake.log[0])
wildcards, params, given = snakemake.wildcards, snakemake.params, snakemake.input
device = training.device(params.device).type  # refuses one that is not here, at once
names = {"split": "0", "seed": wildcards.seed}
wavelets, said = io.read(given.wavelets, contracts.WAVELETS), io.read(given.said)
named = {}
for features, inferred in zip(given.features, given.inferred, strict=True):
    measured, one = io.read(features), io.read(inferred, INFERRED)
    named[one.attrs["statistic"]] = measured["features"].values, one
with io.opened(given.maps, contracts.MAPS) as maps:
    teacher = networks.load(given.teacher)
    known = wavelets, said, teacher, params.bounds, named
    league = students.League(maps, *known, device)
    predicted, told = league.students()
    ds = entries.entered(predicted, told, maps, **names)
    study = {"study": "maps", "target": wildcards.target, **names}
    timings = league.times(**study)
stamp = provenance.stamp(snakemake.rule, wildcards, params)
io.write(ds, snakemake.output.predictions, contracts.PREDICTIONS, stamp)
io.write_table(students.heads(predicted), snakemake.output.heads)
io.write_table(timings, snakemake.output.timings)
