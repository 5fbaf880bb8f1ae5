from pathlib import Path
from types import SimpleNamespace

from awd import io
from awd.record.jobs import begin
from awd.study import take_home

begin(snakemake)
given, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
tables = []
for path in (given.scores, given.differences):
    table = io.read_table(path)
    own = (table["study"] == wildcards.study) & (table["target"] == wildcards.target)
    tables.append(table[own])
samples = {Path(path).parent: path for path in given.samples}  # by folder of a split
sets = [
    SimpleNamespace(
        samples=samples[Path(wavelets).parents[2]], outputs=outputs, wavelets=wavelets
    )
    for outputs, wavelets in zip(given.outputs, given.wavelets, strict=True)
]
model = take_home.of_study(
    sets, *tables, wildcards.target, params.student, params.method
)
model.save(snakemake.output.model)
io.write_text(model.card("html"), snakemake.output.card)
