from pathlib import Path

from awd import io
from awd.cells.study import published, quality
from awd.maps.infer import pages
from awd.maps.study import describe
from awd.maps.study.published import CAPTION as PUBLISHED
from awd.record import manifest
from awd.record.jobs import begin
from awd.report import page, subjects, tables

begin(snakemake)
params, given = snakemake.params, snakemake.input
files = given.scores, given.differences, given.timings, given.worth
verdict, shown = page.scored(*files)
for path in given.quality:
    checked = page.turned(quality.page(io.read_table(path)))
    shown.append(page.Table(checked, "Quality of the cells", quality.CAPTION))
for title, table in published.pages(given.published):
    shown.append(page.Table(table, title, published.CAPTION))
for table, title, text in pages.tables(given):
    shown.append(page.Table(table, title, text, page.MAPS))
for path in given.filters:
    cells = describe.page(io.read_table(path))
    shown.append(page.Table(cells, "Filters", describe.CAPTION, page.MAPS))
for path in given.published_maps:
    shown.append(page.Table(tables.read(path), "Published", PUBLISHED, page.MAPS))
made = manifest.page(given, params.config, Path(__file__).parent)
plates = page.plates(given.figures, params.captions, params.studies > 1)
facts = subjects.facts(made, params.meanings, quality.facts(given.quality))
told = facts, params.explorer, subjects.subjects(given, params.meanings)
heading = f"Adaptive wavelet distillation: run “{params.config['run']}”"
html = page.render(heading, verdict, shown, plates, made, *told)
io.write_text(html, snakemake.output[0])
