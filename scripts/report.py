from pathlib import Path

from awd import io, manifest, provenance, report, tables
from awd.cells import published, quality
from awd.maps import chosen
from awd.maps.published import CAPTION as PUBLISHED
from awd.maps.table import CAPTION, HEADS_CAPTION, head_table, score_table

io.log_to(snakemake.log[0])
params, given = snakemake.params, snakemake.input
verdict, shown = report.scored(given.scores, given.differences, given.timings)
for path in given.quality:
    checked = quality.page(io.read_table(path))
    shown.append(report.Table(checked, "Quality of the cells", quality.CAPTION))
for title, table in published.pages(given.published):
    shown.append(report.Table(table, title, published.CAPTION))
for path in given.cosmology:
    table, title = score_table(io.read_table(path)), "Statistics without a network"
    shown.append(report.Table(table, title, CAPTION, report.MAPS))
for path in given.heads:
    heads = head_table(io.read_table(path))
    shown.append(report.Table(heads, "Families and heads", HEADS_CAPTION, report.MAPS))
for path in given.filters:
    filters = chosen.page(io.read_table(path))
    shown.append(report.Table(filters, "Filters", chosen.CAPTION, report.MAPS))
for path in given.published_maps:
    shown.append(report.Table(tables.read(path), "Published", PUBLISHED, report.MAPS))
here = Path(__file__).parent
drawn = [path for path in given if not path.endswith(".json")]
made_from = {
    "commit": manifest.commit(here),
    "device": manifest.device(map(io.read_json, given.networks)),
    "origins": manifest.origins(drawn, here),
    "config": params.config,
    "versions": provenance.versions(),
    "outputs": manifest.checksums([*given.scores, *given.cosmology, *given.wavelets]),
}
plates = report.plates(given.figures, params.captions)
page = report.render(params.config["run"], verdict, shown, plates, made_from)
io.write_text(page, snakemake.output[0])
