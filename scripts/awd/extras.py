"""Packages that the library needs for some of what it does, and how to get them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from awd.errors import MissingInput

# What brings each package that the library alone can do without.
EXTRAS = {
    "PIL": "pipeline",
    "aeon": "rivals",
    "astropy": "maps",
    "healpy": "maps",
    "bokeh": "pipeline",
    "captum": "explain",
    "h5py": "pipeline",
    "imagecodecs": "cells",
    "jinja2": "pipeline",
    "matplotlib": "pipeline",
    "netCDF4": "pipeline",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "pandas": "pipeline",
    "pyccl": "maps",
    "pydantic": "pipeline",
    "pydantic_core": "pipeline",
    "pygments": "pipeline",
    "rocrate": "pipeline",
    "roifile": "cells",
    "safetensors": "torch",
    "seaborn": "pipeline",
    "snakemake": "pipeline",
    "tifffile": "cells",
    "torch": "torch",
    "xarray": "pipeline",
    "yaml": "pipeline",
}


@contextlib.contextmanager
def needed(purpose: str) -> Iterator[None]:
    """Say which extra brings a package that the block imports and does not find.

    Parameters
    ----------
    purpose : str
        What needs it, for the message: "the graph of a model".

    Raises
    ------
    MissingInput
        It is not installed; the message holds the command that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in EXTRAS:
            raise
        raise MissingInput(
            f"{purpose} needs the package {package}, which is not installed; install "
            f'it with: pip install "awd-wavelets[{EXTRAS[package]}]"'
        ) from error
