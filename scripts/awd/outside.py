"""What a run made, in other people's programs: MATLAB, DS9, Aladin, napari."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from awd import extras, io
from awd.errors import ConfigError, DataError, MissingInput


def export(source: str, out: str, sample: int | None, centre: str | None) -> str:
    """Write a wavelet or a map for another program; a line that says what was written.

    Parameters
    ----------
    source : str
        A ``wavelet.json`` or ``model.json``, or the ``samples.nc`` of maps.
    out : str
        Its ending says for whom: .mat or .fits.
    sample : int, optional
        Which map, from 0.
    centre : str, optional
        Right ascension and declination of its field in degrees, "150.1,2.2".

    Raises
    ------
    AwdError
        The source is not there, holds something else, or an option is not its own.
    """
    if Path(out).suffix == ".mat":
        if sample is not None or centre is not None:
            raise ConfigError(
                f"{out}: --map and --centre are of maps, for .fits; leave them out"
            )
        from awd import export as wavelets

        h, name = _filter(source)
        wavelets.write_mat(h, out, name=name)
        return f"{out}: Lo_D, Hi_D, Lo_R, Hi_R of {len(h)} taps, for MATLAB"
    with extras.needed("writing FITS"):
        import astropy  # noqa: F401

        from awd.maps import writers
    writers.write_fits(source, out, sample or 0, _place(centre))
    where = "" if centre else "; its place in the sky is not known, so it lies at 0, 0"
    return f"{out}: map {sample or 0}{where}"


def _filter(source: str) -> tuple[Any, str]:
    """The filter of a file of a wavelet or of a model, and what it is called."""
    from awd import export as wavelets
    from awd import model
    from awd.portable.record import FORMAT

    if Path(source).suffix != ".json":
        raise DataError(f"{source}: expected a wavelet.json or a model.json")
    record = io.read_json(source)
    if isinstance(record, dict) and record.get("format") == FORMAT:
        return model.load(source).filter, "awd"
    found = wavelets.verify(source)
    return found.rec_lo, found.name


def _place(centre: str | None) -> tuple[float, float]:
    try:
        longitude, latitude = map(float, (centre or "0,0").split(","))
    except ValueError:
        raise ConfigError(
            f"--centre is {centre!r}; expected right ascension and declination in "
            "degrees: 150.1,2.2"
        ) from None
    return longitude, latitude


def view(run: str, name: str | None) -> None:
    """Open a cell of a run in napari; returns when its window is closed.

    Raises
    ------
    MissingInput
        napari is not installed; the message names the files that show the same.
    AwdError
        The run has no such cell.
    """
    with extras.needed("reading tracks"):
        from awd.cells import view as cells

    found = cells.cell(run, name)
    try:
        # By name: it is the user's own, and no package that we could bring.
        napari = importlib.import_module("napari")
    except ModuleNotFoundError as error:
        if error.name != "napari":
            raise
        raise MissingInput(
            'napari is not installed (pip install "napari[all]"); open instead, in '
            f"{run}:\n{cells.instead(run, found)}"
        ) from error
    cells.show(napari, found, cells.opened(run, found))
    napari.run()
