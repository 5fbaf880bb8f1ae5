"""What the words of a command line mean: samples, a network, names and units."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from awd import __version__, samples, windows
from awd.errors import ConfigError, DataError, ShapeError
from awd.model import Model, Target
from awd.own import source, tables
from awd.record import manifest


def distilled(path: Path, network: str, name: str, options: Mapping[str, Any]) -> Model:
    """The model of a network on samples.

    Parameters
    ----------
    path : Path
        Samples.
    network : str
        As for :func:`awd.teacher.brought.network`, or a file of its outputs.
    name : str
        Of the model.
    options : mapping
        Of the command ``awd distil``, by name.

    Raises
    ------
    AwdError
        The samples, the network or an option are not usable.
    """
    from awd import predictors

    step, step_unit = _step(options["step"])
    if options["folds"] == 1:
        raise ConfigError("folds is 1; expected 2 or more, or 0 to leave the test out")
    settings: dict[str, Any] = {
        "levels": _whole(options["levels"], "levels"),
        "fit_to": options["fit_to"],
        "dims": options["dims"],
        "folds": options["folds"],
    }
    x, y, known = _arrays(path, options)
    known |= {"seen": not options["unseen"]}
    known |= _network(network, options)
    kind: Any = predictors.AdaptiveWaveletClassifier
    if not options["classes"]:
        kind, known["target"] = predictors.AdaptiveWaveletRegressor, options["column"]
    fitted = kind(**settings).fit(x, y, **known)
    model = fitted.to_model()
    sample = dataclasses.replace(
        model.sample, unit=options["unit"], step=step, step_unit=step_unit
    )
    story = dataclasses.replace(
        model.story,
        name=name,
        data=f"{model.story.data}, {path.name}",
        network=_described(network, known),
    )
    return dataclasses.replace(
        model,
        sample=sample,
        targets=_targets(model, options["predicts"]),
        story=story,
        provenance=_provenance(path, network, options),
    )


def summary(model: Model) -> str:
    """A line on a model that was just made."""
    numbers = model.numbers
    said = f"{numbers['filter']} taps and {numbers['head']} numbers fitted to "
    said += model.story.fitted_to
    for score in model.scores:
        value = f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
        said += f"; {score.metric} {value} on {score.on}"
    return said


def _arrays(
    path: Path, options: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray | None, dict[str, Any]]:
    """Samples, labels, and groups, lengths and mask, as far as they are there."""
    named = {key: options[key] for key in ("x", "y", "group")}
    found = source.read({"kind": "file", "file": path, **named}, {})
    x = samples.real(found["x"], options["x"])
    if x.ndim < 2 or len(x) < 2 or not x.size:
        raise ShapeError(
            f"{path}: {options['x']} is {x.shape}; expected 2 or more samples (n, ...)"
        )
    if not windows.partly(found):
        samples.require_finite(x, f"{path}: {options['x']}")
    y, group = (found.get(key) for key in ("y", "group"))
    for name, values in (("y", y), ("group", group)):
        if values is not None and len(np.atleast_1d(values)) != len(x):
            raise ShapeError(
                f"{path}: {options[name]} is {values.shape} for {len(x)} samples; "
                "expected a value a sample"
            )
    if y is not None and y.ndim == 2:
        y = _column(y, options["column"] if y.shape[1] > 1 else 0)
    if y is not None and not options["classes"]:
        if y.dtype.kind not in "fiub":
            raise DataError(
                f"{path}: {options['y']} holds {y.dtype}, no numbers; with --classes "
                "they are classes, and with --fit-to outputs and another --y left out"
            )
        name = f"{path}: {options['y']}"
        y = samples.require_finite(samples.real(y, name), name)
    known = {"groups": None if group is None else group.astype(str)}
    known |= {"lengths": found.get("length"), "mask": found.get("mask")}
    return _shaped(x, options["shape"]), y, known


def _network(network: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """A network, or what it answered, as the estimators take it."""
    if Path(network).suffix not in source.KINDS:
        from awd.teacher import brought

        output, weights = options["output"], options["weights"]
        if output is not None and output.isdigit():
            output = int(output)
        return {"teacher": brought.network(network, output, weights=weights)}
    if Path(network).suffix == ".csv":
        return {"outputs": np.stack(list(tables.read(network).values()), 1)}
    found = source.arrays(network)
    name = "output" if "output" in found else next(iter(found), "output")
    if name not in found or (len(found) > 1 and name != "output"):
        raise ConfigError(
            f"{network}: expected an array 'output', and with it 'gradient' if there "
            f"is one; it holds {', '.join(found) or 'nothing'}"
        )
    return {"outputs": found[name], "gradients": found.get("gradient")}


def _described(network: str, known: Mapping[str, Any]) -> str:
    if "teacher" not in known:
        return f"one that answered {Path(network).name}"
    weights = known["teacher"].parameters
    return Path(network).name + (f", {weights:,} weights" if weights else "")


def _shaped(x: np.ndarray, shape: str | None) -> np.ndarray:
    """Samples that lie flat in their rows, in the shape that they have."""
    if shape is None:
        return x
    axes = _whole(shape, "shape")
    if min(axes) < 1 or x.size != len(x) * np.prod(axes):
        raise ShapeError(
            f"shape is {shape}; the samples have {x.size // max(len(x), 1)} values each"
        )
    return x.reshape(len(x), *axes)


def _column(y: np.ndarray, column: int) -> np.ndarray:
    if not column < y.shape[1]:
        raise ConfigError(f"column is {column}; labels have {y.shape[1]} columns")
    return y[:, column]


def _whole(text: str, name: str) -> list[int]:
    """Numbers with commas between them."""
    if not re.fullmatch(r"\d+(,\d+)*", text):
        raise ConfigError(f"{name} is {text!r}; expected whole numbers, such as 3,4")
    return [int(number) for number in text.split(",")]


def _step(text: str) -> tuple[float, str]:
    """ "1.5 s" as 1.5 and "s"."""
    number, _, unit = text.strip().partition(" ")
    with contextlib.suppress(ValueError):
        if 0 < float(number) < np.inf:
            return float(number), unit.strip() or "sample"
    raise ConfigError(
        f"step is {text!r}; expected a positive number and its unit, such as '1.5 s'"
    )


def _targets(model: Model, predicts: str) -> tuple[Target, ...]:
    """Names of what is predicted: "age (s)", or of a classifier the classes."""
    if model.classes and len(model.targets) == len(model.classes):
        return tuple(Target(str(name)) for name in model.classes)
    name, _, unit = predicts.removesuffix(")").partition(" (")
    return (Target(name, unit),)


def _provenance(path: Path, network: str, options: Mapping[str, Any]) -> dict[str, str]:
    """Which program made a model from which files."""
    code, _, _ = network.rpartition(":")
    given = {"samples": path, "network": Path(code or network)}
    if options["weights"]:
        given["weights"] = Path(options["weights"])
    found = {"awd": __version__}
    for name, file in given.items():
        found[name] = file.name
        if file.is_file():
            found[f"{name} SHA-256"] = manifest.checksums([file])[str(file)]
    return found
