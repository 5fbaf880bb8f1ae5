"""Networks in files and behind import paths, opened without running what they hide.

A program is read where its format is one (torch.export, TorchScript, ONNX); pickled
objects, which run code when they are read, are refused in every format.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import extras, io, registry
from awd.errors import AwdError, ConfigError, DataError, MissingInput, ShapeError

if TYPE_CHECKING:
    from torch import nn
    from torch.export import ExportedProgram

REMEDY = (
    "save a program (torch.export.save to .pt2, torch.jit.save to .pt), or give "
    "'package.module:factory' as the network and this file as its weights"
)


def opened(
    source: str | os.PathLike[str], weights: str | os.PathLike | None = None
) -> Any:
    """The network of a path or an import path, see :func:`awd.teacher.brought.network`.

    Raises
    ------
    ConfigError
        It is neither, or weights come with a file that has its own.
    MissingInput
        There is no such file, module, factory, or package to read it with.
    DataError
        The file is damaged or holds pickled objects; the weights do not fit.
    """
    text = os.fspath(source)
    suffix = Path(text).suffix.lower()
    if suffix in READERS:
        if weights is not None:
            raise ConfigError(f"{text} has weights of its own; weights={weights} too")
        io.existing(text)
        named = extras.needed(f"the network {text}")
        with named, io.readable(text, f"{suffix} network", REMEDY):
            return READERS[suffix](Path(text))
    if registry.is_path(text):
        found = _made(text)
        return found if weights is None else _loaded(found, Path(weights), text)
    raise ConfigError(
        f"no network is known behind {text!r}; expected a path that ends in "
        f"{', '.join(READERS)}, or an import path 'package.module:factory'"
    )


def _made(text: str) -> Any:
    """What a factory returns, of a module or of a file ``.py``."""
    factory = registry.imported(text)
    if not callable(factory):
        raise MissingInput(
            f"{text} is no function that makes a network; expected one that takes "
            "no argument"
        )
    try:
        return factory()
    except TypeError as error:
        raise ConfigError(
            f"{text} cannot be called without arguments ({error}); give a "
            "function that returns the network"
        ) from error
    except AwdError:
        raise
    except Exception as error:
        raise ConfigError(
            f"{text} makes no network ({type(error).__name__}: {error}); mend it first"
        ) from error


def _loaded(model: Any, path: Path, source: str) -> nn.Module:
    """A module with the weights of a file."""
    from torch import nn

    if not isinstance(model, nn.Module):
        raise ConfigError(
            f"{source} makes a {type(model).__name__}, which takes no weights; "
            "expected a torch module"
        )
    state = _tensors(path)
    nested = state.get("state_dict", state)  # of a checkpoint with its optimiser
    try:
        model.load_state_dict(nested)
    except (RuntimeError, TypeError) as error:
        raise DataError(
            f"{path} does not hold the weights of {source}: {str(error)[:400]}"
        ) from error
    return model.eval()


def _tensors(path: Path) -> Mapping[str, Any]:
    """A state dict from a file that holds nothing else."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    io.existing(path)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, EOFError, OSError) as error:
        raise DataError(
            f"{path} cannot be read as weights ({error}); save model.state_dict()"
        ) from error
    except Exception as error:  # of pickle's, raised where it finds an object
        raise DataError(
            f"{path} holds objects besides tensors, which run code when they are read; "
            "save model.state_dict() alone"
        ) from error
    if not isinstance(found, Mapping):
        raise DataError(f"{path} holds a {type(found).__name__}; expected a state dict")
    return found


def _script(path: Path) -> nn.Module:
    """A TorchScript archive."""
    import torch

    if not any("/code/" in name for name in _names(path)):
        raise DataError(f"{path} holds pickled objects and no program; {REMEDY}")
    try:
        return torch.jit.load(path, map_location="cpu")
    except RuntimeError as error:
        raise DataError(
            f"{path} is no TorchScript that this torch, {torch.__version__}, can read "
            f"({str(error)[:300]}); save it again"
        ) from error


def _exported(path: Path) -> ExportedProgram:
    """A program of torch.export, if nothing in its archive is pickled."""
    import torch.export

    names = _names(path)
    with zipfile.ZipFile(path) as archive:
        inside = {name.partition("/")[2]: name for name in names}
        if "archive_format" not in inside:
            raise DataError(
                f"{path} is no archive of torch.export.save as torch 2.8 and later "
                "write it; save it again"
            )
        for name, full in inside.items():
            if name.endswith(".json"):
                _require_plain(archive.read(full).decode("utf-8"), path)
            elif not name.startswith(PLAIN):
                raise DataError(f"{path} holds {name}, which is no part of a program")
        example = inside.get("data/sample_inputs/model.pt")
        if example:
            with archive.open(example) as file:
                _require_tensors(file, path)
    try:
        return torch.export.load(path)
    except Exception as error:  # of many kinds, for a damaged file
        raise DataError(
            f"{path} is no program that this torch, {torch.__version__}, can read "
            f"({type(error).__name__}: {str(error)[:300]}); save it again"
        ) from error


# What an archive may hold beside JSON: raw tensors, an example input, marks.
PLAIN = (
    "data/weights/weight_",
    "data/constants/tensor_",
    "data/sample_inputs/model.pt",
    "archive_",
    "byteorder",
    ".data/",
    "version",
)
# Sizes are read by sympify, which evaluates: only sums and products of symbols pass.
SIZE = re.compile(
    r"(?:Symbol\('[su]\d+'(?:, [a-z]+=(?:True|False))*\)|[su](?=\d)|\d|oo|int_oo"
    r"|Max|Min|Mod|PythonMod|FloorDiv|CleanDiv|CeilDiv|TruncToInt|IntTrueDiv|ToFloat"
    r"|Eq|Ne|True|False|[-+*/(),.<>=&|~ ])*"
)


def _require_plain(text: str, path: Path) -> None:
    """Refuse a record of an archive that points to pickles, or hides code in a size."""
    waiting: list[Any] = [json.loads(text)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            size = value.get("expr_str", "")
            if value.get("use_pickle") or not SIZE.fullmatch(str(size)):
                raise DataError(
                    f"{path} holds pickled objects or a size that is no formula "
                    f"({str(size)[:40]!r}); export a network of plain tensors"
                )
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _require_tensors(file: Any, path: Path) -> None:
    import torch

    try:
        torch.load(file, weights_only=True)
    except Exception as error:
        raise DataError(
            f"{path}: its example input is more than tensors; export with tensors alone"
        ) from error


def _names(path: Path) -> list[str]:
    """What an archive holds, all of it as its checksums say, which torch ignores."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged:
                raise DataError(f"{path}: {damaged} in it is damaged; copy it again")
            return archive.namelist()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DataError(
            f"{path} is damaged or no network ({error}); {REMEDY}"
        ) from error


class Onnx:
    """An ONNX file as a function of arrays, on the CPU.

    Attributes
    ----------
    parameters : int
    size : int or None
        Samples a call, where the file takes one number only.
    """

    def __init__(self, path: Path) -> None:
        import onnx
        import onnxruntime

        try:
            graph = onnx.load(path, load_external_data=False).graph
            if any(
                w.data_location == onnx.TensorProto.EXTERNAL for w in graph.initializer
            ):
                raise DataError(
                    f"{path} keeps weights in another file, which is not followed; "
                    "export with external_data=False"
                )
            self.session = onnxruntime.InferenceSession(
                path.read_bytes(), providers=["CPUExecutionProvider"]
            )
        except DataError:
            raise
        except Exception as error:  # protobuf's, onnx's and the runtime's own kinds
            raise DataError(
                f"{path} is no ONNX file that onnxruntime {onnxruntime.__version__} "
                f"can read ({str(error)[:300]}); export it again"
            ) from error
        self.parameters = int(sum(np.prod(w.dims) for w in graph.initializer))
        self.inputs = self.session.get_inputs()
        first = self.inputs[0].shape[:1]
        self.size = first[0] if first and isinstance(first[0], int) else None

    def __call__(self, *arrays: np.ndarray) -> Any:
        """Outputs by name, or the only one, of as many arrays as there are inputs."""
        if len(arrays) != len(self.inputs):
            listed = ", ".join(entry.name for entry in self.inputs)
            raise ConfigError(
                f"this ONNX network has {len(self.inputs)} inputs ({listed}) and got "
                f"{len(arrays)}; awd.network(path, wrap=lambda net, x: net(x, ...))"
            )
        fed = {
            entry.name: _fitting(array, entry)
            for entry, array in zip(self.inputs, arrays, strict=True)
        }
        found = self.session.run(None, fed)
        names = [entry.name for entry in self.session.get_outputs()]
        return found[0] if len(found) == 1 else dict(zip(names, found, strict=True))


def _fitting(array: np.ndarray, entry: Any) -> np.ndarray:
    """An array as an input of an ONNX file takes it; an only channel may be missing."""
    kinds = {"tensor(float)": "f4", "tensor(double)": "f8", "tensor(float16)": "f2"}
    wanted, given = entry.shape, array.shape
    if array.ndim == len(wanted) - 1 and wanted[1] == 1:
        array = array[:, None]
    sizes = zip(array.shape, wanted, strict=False)
    fits = all(size == w for size, w in sizes if isinstance(w, int))
    if array.ndim != len(wanted) or not fits:
        raise ShapeError(
            f"samples of shape {given[1:]} do not fit the input {entry.name} of "
            f"this ONNX network, {tuple(wanted)}"
        )
    return np.ascontiguousarray(array, kinds.get(entry.type, array.dtype))


def _own(path: Path) -> nn.Module:
    """The networks that this project trained, one file of weights and its record."""
    from awd.teacher import weights

    if not path.with_suffix(".json").is_file():
        raise ConfigError(
            f"{path} holds weights alone; give 'package.module:factory' as the network "
            "and this file as its weights"
        )
    models = list(weights.load(path).values())
    if len(models) != 1:
        raise ConfigError(
            f"{path} holds {len(models)} networks; expected one: load it with "
            "awd.teacher.weights.load"
        )
    return models[0]


READERS: dict[str, Callable[[Path], Any]] = {
    ".pt2": _exported,
    ".pt": _script,
    ".pth": _script,
    ".onnx": Onnx,
    ".safetensors": _own,
}
