"""The command line: distil a network, use its model, look at what a run made."""

from __future__ import annotations

import contextlib
import csv
import os
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from awd import __version__, extras, io
from awd.errors import LONGEST, AwdError, ConfigError, about, shortened

if TYPE_CHECKING:
    import numpy as np

    from awd.model import Model

DISK = "; check the path, the disk, and who may write there"
STDIN, PIPED = "-", "standard input"
BEGINNINGS = {b"\x93NUMPY": ".npy", b"PK": ".npz", b"\x89HDF": ".nc", b"CDF": ".nc"}
CARDS = {".html": "html", ".md": "markdown"}
FOLDS = click.IntRange(0)
PLOTS = (".png", ".pdf", ".svg")


class Failed(click.ClickException):
    """An error that the user can mend: its message alone, and exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, err=True)


class Commands(click.Group):
    """Commands whose errors and warnings are sentences on stderr."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings(), extras.needed("this command"):
                warnings.showwarning = _warned
                return super().invoke(ctx)
        except BrokenPipeError:
            raise  # click's: what reads our output has seen enough
        except AwdError as error:
            raise Failed(f"{type(error).__name__}: {error}") from error
        except OSError as error:
            cause = shortened(str(error), LONGEST - len(DISK))
            raise Failed(f"{type(error).__name__}: {cause}{DISK}") from error


def _warned(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"warning: {message}", err=True)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="awd")
def awd() -> None:
    """Adaptive wavelet distillation: small models of trained networks.

    \b
    Examples:
      awd distil x.npz --network net.pt2 --out model.json
      awd inspect model.json
      awd predict model.json new.npy > predictions.csv
    """


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):  # a terminal may know few characters
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    awd(prog_name="awd")


@awd.command()
@click.argument("samples")
@click.option("--network", required=True, help="What is distilled, see above.")
@click.option("--out", required=True, help="The model to write, model.json.")
@click.option("--weights", help="File of weights, for a network as code.")
@click.option("--output", help="Of several things a network returns: place or name.")
@click.option("--column", default=0, help="Of outputs and labels, the one that counts.")
@click.option("--classes", is_flag=True, help="The outputs tell classes apart.")
@click.option("--fit-to", type=click.Choice(["labels", "outputs", "mixed"]))
@click.option("--unseen", is_flag=True, help="The network did not train on SAMPLES.")
@click.option("--levels", default="3,4", help="Halvings, to choose from.")
@click.option(
    "--folds", default=5, type=FOLDS, help="In which it is tested; 0 saves the time."
)
@click.option("--shape", help="Of a sample that lies flat in its row: 2,40.")
@click.option("--dims", type=click.IntRange(1, 2), help="1 for signals, 2 for images.")
@click.option("--x", default="x", help="Array of the samples.")
@click.option("--y", default="y", help="Array or column of labels, if there are any.")
@click.option("--group", default="group", help="What no fold may tear: cell, patient.")
@click.option("--predicts", default="prediction", help='What, and its unit: "age (s)".')
@click.option("--unit", default="", help="Of the samples' values.")
@click.option("--step", default="1 sample", help='Between two of them: "1.5 s".')
@click.option("--card", help="Write a page about the model too: .html or .md.")
def distil(samples: str, network: str, out: str, **options: Any) -> None:
    """A model of a few kB from SAMPLES and a NETWORK.

    One wavelet is distilled from what the network answers, and curves of its largest
    coefficients are fitted to the answers, to labels, or to a mixture. No label is
    needed. How well the model follows its network is measured on samples held out.

    SAMPLES is a file .npz, .nc (arrays x, and if there are y and group), .npy (x alone)
    or .csv (a sample a row; columns y and group), or - for what another program writes.

    NETWORK is a file .pt2 (torch.export), .pt (TorchScript), .onnx; code that builds
    it, "package.module:function" or "folder/file.py:function", with its --weights; or
    what it answered, a file .npz, .nc (array output), .npy or .csv.

    \b
    Examples:
      awd distil x.npz --network net.pt2 --out model.json --card card.html
      awd distil x.npy --network models.py:build --weights best.pt --out model.json
      awd distil x.csv --network answers.csv --classes --out model.json
    """
    from awd import shell

    _require_place(out, [".json"])
    _require_place(options["card"], CARDS)
    with _file(samples) as path:
        model = shell.distilled(path, network, Path(out).stem, options)
    model.save(out)
    if options["card"]:
        write_card(model, options["card"])
    click.echo(f"{out}: {shell.summary(model)}", err=True)


@awd.command()
@click.argument("model")
@click.argument("samples")
@click.option("--out", default="-", help="CSV to write, instead of to the terminal.")
@click.option("--x", "array", default="x", help="Array of the samples in .npz, .nc.")
def predict(model: str, samples: str, out: str, array: str) -> None:
    """Predictions of MODEL for SAMPLES as CSV, a line a sample.

    SAMPLES is a file .npy, .npz, .nc or .csv, or - for what another program writes. A
    CSV has names in its first line and a sample in every other one, its channels one
    behind the other; the columns y, group, split and those with the names of the
    targets are left out. Samples of a study that says length or mask bring theirs.

    Beside the predictions (of a classifier the class, and the probability of each)
    "outside" is 1 where a sample is unlike all that the model was fitted to: of such a
    prediction nobody knows how good it is.

    \b
    Examples:
      awd predict model.json new.npy --out predictions.csv
      awd predict model.json - < new.csv | head
    """
    from awd import model as models
    from awd.own import source

    taken = models.load(model)
    named = {target.name: target.name for target in taken.targets}
    with _file(samples) as path, about(str(path)):
        found = source.read({"kind": "file", "file": path, "x": array}, named)
        x = found["x"]
        if path.suffix == ".csv" and x.shape[1] == taken.sample.size:
            x = x.reshape(len(x), *taken.sample.shape)
        x = taken.samples(x, lengths=found.get("length"), mask=found.get("mask"))
        columns = _predictions(taken, x)
    with _written(out) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([name for name, _ in columns])
        writer.writerows(zip(*(cells.tolist() for _, cells in columns), strict=True))


def _predictions(model: Model, x: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Names of the columns that are written, and what they hold, (n,) each."""
    if model.classes is None:
        found = model.outputs(x).reshape(len(x), -1)
        columns = [(t.name, found[:, k]) for k, t in enumerate(model.targets)]
    else:
        shares = model.predict_proba(x)
        columns = [("class", model.predict(x))]
        columns += [(f"p({c})", shares[:, k]) for k, c in enumerate(model.classes)]
    return [*columns, ("outside", model.outside(x).astype(int))]


@contextlib.contextmanager
def _file(samples: str) -> Iterator[Path]:
    """The file of samples; what comes from another program is put into one."""
    if samples != STDIN:
        yield Path(samples)
        return
    data = sys.stdin.buffer.read()
    kinds = (kind for start, kind in BEGINNINGS.items() if data.startswith(start))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"stdin{next(kinds, '.csv')}"
        path.write_bytes(data)
        try:
            yield path
        except AwdError as error:
            message = str(error).replace(str(path), PIPED)
            raise type(error)(message) from error


@contextlib.contextmanager
def _written(out: str) -> Iterator[IO[str]]:
    """Where text goes: a file that is there when it is complete, or stdout."""
    if out == "-":
        yield sys.stdout
        return
    with io.replacing(out) as temporary, temporary.open("w", encoding="utf-8") as file:
        yield file


@awd.command()
@click.argument("model")
@click.option("--plot", help="Draw the wavelet over the nearest named one: .png, .pdf.")
@click.option("--card", help="Write the page that goes with it: .html or .md.")
def inspect(model: str, plot: str | None, card: str | None) -> None:
    """What MODEL is, in words and numbers.

    What its wavelet looks at in the units of the samples: reach, frequency, vanishing
    moments, the named wavelet nearest to it; which levels carry the prediction; how
    good it is beside its network and its controls, as far as that was recorded.

    \b
    Examples:
      awd inspect model.json
      awd inspect model.json --plot wavelet.png --card card.html
    """
    from awd import model as models
    from awd.portable import inspection

    _require_place(plot, PLOTS)
    _require_place(card, CARDS)
    taken = models.load(model)
    if plot:
        _draw(taken, plot)
    if card:
        write_card(taken, card)
    click.echo(inspection.text(taken), nl=False)


def _require_place(path: str | None, kinds: Iterable[str]) -> None:
    """That a file can be written, before the work."""
    if path is None:
        return
    if "\0" in path or Path(path).suffix not in kinds:
        raise ConfigError(f"{path!r}: expected a name that ends in {', '.join(kinds)}")
    folder = next(above for above in Path(path).absolute().parents if above.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConfigError(
            f"{path}: nothing can be written to {folder}; choose another folder"
        )


def write_card(model: Model, path: str) -> None:
    """Write the card of a model as its file's name says."""
    form: Any = CARDS[Path(path).suffix]
    io.write_text(model.card(form), path)


def _draw(model: Model, path: str) -> None:
    """Scaling function and wavelet of a model over those of the nearest named one."""
    with extras.needed("drawing a wavelet"):
        from awd.report.figures import wavelets

    from awd.filters import named

    figure = wavelets.wavelet(model.filter, named.nearest(model.filter)[0])
    with io.replacing(path) as temporary:
        figure.savefig(temporary)


@awd.command()
@click.argument("path")
@click.option("--fix", is_flag=True, help="Of a run, remove what is wrong.")
def check(path: str, fix: bool) -> None:
    """Whether a file, or every file of a run, is what it was when it was written.

    PATH is a model.json, the wavelet.json of a run, or the folder of a run that has
    ended. A model is read key by key, its checksum compared and its wavelet measured; a
    wavelet must reconstruct; the files of a run are compared with its manifest. With
    --fix a plain run makes anew what was wrong, and all that was made of it.

    \b
    Examples:
      awd check model.json && scp model.json elsewhere:
      awd check results/default --fix
    """
    if not Path(path).is_dir():
        click.echo(_checked(path))
        return
    from awd.record import check as run

    wrong = run.run(path, fix)
    for name, what in wrong.items():
        click.echo(f"{name}: {what}")
    if wrong and not fix:
        raise Failed(f"{path}: {len(wrong)} files are wrong; --fix removes them")
    click.echo(f"{path}: {'removed; run it again' if wrong else 'every file is whole'}")


@awd.command()
@click.argument("source")
@click.argument("out")
@click.option("--map", "sample", type=click.IntRange(0), help="Which one, from 0.")
@click.option("--centre", help="Of a map's field, RA and Dec in degrees: 150.1,2.2.")
def export(source: str, out: str, sample: int | None, centre: str | None) -> None:
    """Write SOURCE for another program, as the ending of OUT says.

    A wavelet (wavelet.json of a run, or a model.json) becomes a .mat for MATLAB, with
    the filters Lo_D, Hi_D, Lo_R, Hi_R of decomposition and reconstruction; Python reads
    its wavelet.json with PyWavelets alone. A map of a run (its samples.nc) becomes a
    .fits with world coordinates for DS9 and Aladin.

    \b
    Examples:
      awd export results/default/cells/sig_mean/wavelet.json wavelet.mat
      awd export results/default/maps/split0/samples.nc map.fits --map 7
    """
    from awd import outside

    _require_place(out, [".mat", ".fits"])
    click.echo(outside.export(source, out, sample, centre), err=True)


@awd.command()
@click.argument("run")
@click.option("--cell", help="Which one, by name; the first one by default.")
def view(run: str, cell: str | None) -> None:
    """Open a cell of RUN in napari: its movie, and its tracks over it.

    Without napari the files that show the same elsewhere are named: the movie, and the
    tracks for TrackMate and as tables.

    \b
    Examples:
      awd view results/default
      awd view results/default --cell cell3
    """
    from awd import outside

    outside.view(run, cell)


def _checked(path: str) -> str:
    """What is found of a file that is whole."""
    from awd import export, wavelet
    from awd import model as models
    from awd.portable.record import FORMAT

    if io.read_json(path).get("format") == FORMAT:
        model = models.load(path)
        numbers = sum(model.numbers.values())
        return f"{path}: a whole model of {numbers} numbers, SHA-256 {model.checksum}"
    h = export.verify(path).rec_lo
    missed = max(wavelet.conditions(h).values())
    return (
        f"{path}: a whole wavelet of {len(h)} taps, conditions missed by {missed:.0e}"
    )
