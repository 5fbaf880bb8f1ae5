from pathlib import Path

from awd import io
from awd.cells import tracks
from awd.cells.study import quality, summary
from awd.record import manifest
from awd.record.jobs import begin
from awd.report import page, tables

begin(snakemake)
params, given = snakemake.params, snakemake.input
cells = [io.read(path, tracks.TRACKS) for path in given.tracks]
checked = io.read_table(given.quality)
found = summary.table(cells)
tables.write(found, snakemake.output.table[0].removesuffix(".csv"))
shown = [
    page.Table(found, "Tracks", summary.CAPTION),
    page.Table(
        page.turned(quality.page(checked)), "Quality of the cells", quality.CAPTION
    ),
]
made_from = manifest.page(given, params.config, Path(__file__).parent)
plates = page.plates(given.figures, params.captions, False)
facts = quality.facts([given.quality])
heading = f"Tracks of run “{params.config['run']}”"
html = page.render(heading, {}, shown, plates, made_from, facts)
io.write_text(html, snakemake.output.page)
