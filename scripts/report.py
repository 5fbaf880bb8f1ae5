from pathlib import Path

from awd import io
from awd.cells.study import published, quality
from awd.maps.infer import observed, score
from awd.maps.infer.score import HEADS_CAPTION, head_table, score_table
from awd.maps.study import describe
from awd.maps.study.published import CAPTION as PUBLISHED
from awd.record import manifest
from awd.record.jobs import begin
from awd.report import page, tables

begin(snakemake)
params, given = snakemake.params, snakemake.input
verdict, shown = page.scored(
    given.scores, given.differences, given.timings, given.worth
)
for path in given.quality:
    checked = quality.page(io.read_table(path))
    shown.append(page.Table(checked, "Quality of the cells", quality.CAPTION))
for title, table in published.pages(given.published):
    shown.append(page.Table(table, title, published.CAPTION))
for path in given.cosmology:
    table, title = score_table(io.read_table(path)), "Statistics without a network"
    shown.append(page.Table(table, title, score.CAPTION, page.MAPS))
for path in given.coverage:
    table = score.coverage_table(io.read_table(path))
    shown.append(page.Table(table, "Coverage", score.COVERAGE_CAPTION, page.MAPS))
for path in given.observed:
    table = observed.page(io.read_table(path))
    shown.append(page.Table(table, "The observed map", observed.CAPTION, page.MAPS))
for path in given.heads:
    heads = head_table(io.read_table(path))
    shown.append(page.Table(heads, "Families and heads", HEADS_CAPTION, page.MAPS))
for path in given.filters:
    filters = describe.page(io.read_table(path))
    shown.append(page.Table(filters, "Filters", describe.CAPTION, page.MAPS))
for path in given.published_maps:
    shown.append(page.Table(tables.read(path), "Published", PUBLISHED, page.MAPS))
made_from = manifest.page(given, params.config, Path(__file__).parent)
plates = page.plates(given.figures, params.captions, params.studies > 1)
html = page.render(params.config["run"], verdict, shown, plates, made_from)
io.write_text(html, snakemake.output[0])
