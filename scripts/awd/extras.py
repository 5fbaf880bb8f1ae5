"""Packages that the library needs for some of what it does, and how to get them."""

from __future__ import annotations

import importlib
from types import ModuleType

from awd.errors import MissingInput


def load(module: str, extra: str, purpose: str) -> ModuleType:
    """Import a package that only an extra brings.

    Parameters
    ----------
    module : str
        What is imported.
    extra : str
        Of this project, that installs it.
    purpose : str
        What needs it, for the message: "the graph of a model".

    Raises
    ------
    MissingInput
        It is not installed; the message holds the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingInput(
            f"{purpose} needs the package {module}, which is not there ({error}); "
            f'install it with: pip install "awd-wavelets[{extra}]"'
        ) from error
