"""What is found by name: in a table of this library, or in a module of one's own."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from awd import scalars
from awd.errors import AwdError, ConfigError, MissingInput

T = TypeVar("T")


def named(name: str, table: Mapping[str, T], kind: str) -> T | Any:
    """The entry of a name, or what stands behind an import path.

    Parameters
    ----------
    name : str
        A key of the table, ``"package.module:name"`` or ``"folder/file.py:name"``.
    table : mapping
    kind : str
        Of its entries, for the error.

    Raises
    ------
    ConfigError
        There is no such entry.
    MissingInput
        The module cannot be imported, or has no such name.

    Examples
    --------
    >>> named("b", {"a": 1, "b": 2}, "letter"), named("math:pi", {}, "number") > 3
    (2, True)
    """
    if isinstance(name, str) and name in table:
        return table[name]
    if is_path(name):
        return imported(name)
    raise ConfigError(
        f"{kind} is {scalars.shown(name)}; expected one of {', '.join(table)}, or an "
        "import path 'package.module:name' or 'folder/file.py:name'"
    )


def is_path(text: Any) -> bool:
    """Whether a text is an import path."""
    place, colon, name = text.rpartition(":") if isinstance(text, str) else ("",) * 3
    return bool(colon and place and name.isidentifier())


def short(text: str) -> str:
    """What an entry is called in results: of an import path the name alone.

    Examples
    --------
    >>> short("folder/file.py:huber"), short("ridge")
    ('huber', 'ridge')
    """
    return text.rpartition(":")[2] if is_path(text) else text


def files(texts: Iterable[str]) -> list[str]:
    """Of names and import paths the files of code that are named by their path."""
    places = [text.rpartition(":")[0] for text in texts if is_path(text)]
    return list(dict.fromkeys(place for place in places if place.endswith(".py")))


def imported(text: str) -> Any:
    """What stands behind an import path, also in the working directory.

    The code of its module runs. Errors as of :func:`named`; the module's own are a
    ``ConfigError`` that names it.
    """
    place, _, name = text.rpartition(":")
    try:
        module = _of_file(place) if place.endswith(".py") else _of_package(place)
    except ImportError as error:
        raise MissingInput(
            f"{text} cannot be imported ({error}); install it, put it into the working "
            "directory, or give the path of its file, 'folder/file.py:name'"
        ) from error
    except AwdError:
        raise
    except Exception as error:
        raise ConfigError(
            f"{place} fails when it is imported ({type(error).__name__}: {error}); "
            "mend it first"
        ) from error
    if not hasattr(module, name):
        raise MissingInput(f"{place} has no {name!r}; check the name behind the colon")
    return getattr(module, name)


def _of_package(place: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    return importlib.import_module(place)


def _of_file(place: str) -> Any:
    path = Path(place)
    if not path.is_file():
        raise MissingInput(f"there is no file {path}; check the path")
    loader = importlib.machinery.SourceFileLoader(path.stem, str(path))
    spec = importlib.machinery.ModuleSpec(path.stem, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
