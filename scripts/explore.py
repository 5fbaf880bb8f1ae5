from functools import partial
from pathlib import Path
from types import SimpleNamespace

from awd import io
from awd.cells.figures import explorer as cells
from awd.maps.figures import explorer as maps
from awd.record.jobs import begin
from awd.record.manifest import commit
from awd.report import glossary
from awd.report.explorer import page, study

begin(snakemake)
given, params = snakemake.input, snakemake.params
parts: list[page.Part] = []
methods: set[str] = set()
for k, (name, about) in enumerate(params.studies.items()):
    kinds = ("samples", "outputs", "wavelets", "students", "networks")
    files = SimpleNamespace(**{kind: given[kind][k] for kind in kinds})
    files.tracks = given.get("tracks")
    meaning = about.pop("meaning")
    tabs = {
        "cells": partial(cells.parts, files),
        "maps": partial(maps.parts, files),
    }.get(name, partial(study.parts, name, files))(**about)
    parts += [tab.led(f"{about['target']}: {meaning}.") for tab in tabs]
    methods |= study.methods_of(files.wavelets)
made = f"Run {params.run}, made by commit {commit(Path(__file__).parent)}."
terms = glossary.explained(methods)
io.write_text(page.render(params.run, parts, made, terms), snakemake.output[0])
