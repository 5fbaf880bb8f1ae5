from pathlib import Path

from awd import io, provenance, report, tables

io.log_to(snakemake.log[0])
params, given = snakemake.params, snakemake.input
scores = io.read_table(given.scores)
controls = set(scores.loc[scores["role"] == "control", "method"])
plates = [
    report.Plate(
        png,
        f"{Path(png).stem.replace('_', ' ').capitalize()}, {Path(png).parent.name}",
        params.captions[Path(png).stem],
        f"plot_{Path(png).stem}",
    )
    for png in given.figures
]
shown = [
    report.Table(tables.read(path), f"Scores, {study}", tables.CAPTION)
    for path, study in zip(given.tables, params.studies, strict=True)
]
made_from = {
    "commit": provenance.commit(Path(__file__).parent),
    "config": params.config,
    "versions": provenance.versions(),
    "outputs": provenance.checksums([*given.tables, *given.wavelets]),
}
verdict = report.verdicts(io.read_table(given.differences), controls)
page = report.render(params.config["run"], verdict, shown, plates, made_from)
io.write_text(page, snakemake.output[0])
