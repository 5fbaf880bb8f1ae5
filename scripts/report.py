from pathlib import Path

from awd import io, provenance, report, tables
from awd.cells import published, quality

io.log_to(snakemake.log[0])
params, given = snakemake.params, snakemake.input
scores, timings = io.read_table(given.scores), io.read_table(given.timings)
verdict = report.verdicts(
    io.read_table(given.differences),
    dict(zip(scores["method"], scores["role"], strict=True)),
)
plates = [
    report.Plate(
        png,
        Path(png).stem.replace("_", " ").capitalize(),
        params.captions[Path(png).stem],
        f"plot_{Path(png).stem}",
        Path(png).parent.name.partition("-")[2] or report.REST,
    )
    for png in given.figures
]
shown = [
    report.Table(
        tables.score_table(part, timings), "Score table", tables.CAPTION, target
    )
    for target, part in scores.groupby("target", sort=False)
]
checked = quality.page(io.read_table(given.quality))
shown += [report.Table(checked, "Quality of the cells", quality.CAPTION)]
beside = published.pages(given.published)
shown += [report.Table(table, title, published.CAPTION) for title, table in beside]
made_from = {
    "commit": provenance.commit(Path(__file__).parent),
    "config": params.config,
    "versions": provenance.versions(),
    "outputs": provenance.checksums([given.scores, *given.wavelets]),
}
page = report.render(params.config["run"], verdict, shown, plates, made_from)
io.write_text(page, snakemake.output[0])
