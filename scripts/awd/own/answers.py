"""What a network answers on samples of one's own, as far as it is needed."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awd.errors import DataError, ShapeError
from awd.own import source

if TYPE_CHECKING:
    from awd.own.dataset import Form


class Known(NamedTuple):
    """What is known of a network's answers.

    Attributes
    ----------
    outputs : ndarray of shape (n, names), or None
    gradient : callable or None
        From a slice of the samples to gradients (names, some, ...).
    elsewhere : bool
        Whether they were computed before.
    """

    outputs: np.ndarray | None = None
    gradient: Callable[[slice], np.ndarray] | None = None
    elsewhere: bool = False


def known(
    settings: Mapping[str, Any], form: Form, stack: contextlib.ExitStack
) -> Known:
    """Outputs and gradients that were computed before; without labels, outputs.

    Parameters
    ----------
    settings : mapping
        A section ``own`` of the configuration.
    form : Form
        The samples.
    stack : ExitStack
        Keeps a file of gradients open.

    Raises
    ------
    ShapeError, DataError
        They do not fit the samples, or are not finite.
    """
    network = settings["network"]
    if not network:
        return Known()
    columns = network["columns"] or list(range(len(settings["targets"])))
    if network["kind"] == "outputs":
        found = stack.enter_context(source.arrays_of(network["file"]))
        return _elsewhere(network["file"], found, columns, form)
    if "y" in form.found:
        return Known()
    from awd.teacher import shelf

    squeezed = form.found["x"].ndim < len(form.shape) + 1
    record = {**network, "squeezed": squeezed}
    networks = [shelf.opened({**record, "column": column}) for column in columns]
    outputs = np.empty((form.n, len(columns)), np.float32)
    for rows in form.rows():
        x = form.cut(rows).x
        outputs[rows] = np.stack([network.output(x) for network in networks], 1)
    return Known(outputs)


def _elsewhere(
    path: str, found: Mapping[str, Any], columns: list[int], form: Form
) -> Known:
    """From a file, checked against the samples."""
    if "output" not in found:
        raise DataError(f"{path}: no array 'output'; it holds {', '.join(found)}")
    table = single(np.asarray(found["output"]), f"{path}: output")
    shape = table.shape
    table = table.reshape(shape[0] if shape else 1, -1)
    if len(table) != form.n or not {*columns} <= {*range(table.shape[1])}:
        raise ShapeError(
            f"{path}: output is {shape}; expected ({form.n},) or "
            f"({form.n}, columns) with columns {columns}"
        )
    outputs = table[:, columns]
    if "gradient" not in found:
        return Known(outputs, None, True)
    gradient, given = found["gradient"], form.found["x"].shape
    if math.prod(given[1:]) != math.prod(form.shape):
        raise DataError(
            f"{path}: gradient is of x as it came, {given}, and the method reads "
            f"windows of it, {(form.n, *form.shape)}; leave gradient out, or windows "
            "and length"
        )
    alone = gradient.shape == given
    stacked = (1, *given) if alone else gradient.shape
    if stacked[1:] != given or max(columns) >= stacked[0]:
        raise ShapeError(
            f"{path}: gradient is {gradient.shape}; expected that of x, {given}, or "
            f"one for each column, (columns, {', '.join(map(str, given))})"
        )

    def slopes(rows: slice) -> np.ndarray:
        parts = [gradient[rows] if alone else gradient[c, rows] for c in columns]
        stack = np.stack([np.asarray(part) for part in parts])
        stack = stack.reshape(*stack.shape[:2], *form.shape)
        return single(stack, f"{path}: gradient")

    return Known(outputs, slopes, True)


def single(values: np.ndarray, name: str) -> np.ndarray:
    """As float32, which holds all of them."""
    if values.dtype.kind not in "fiub":
        raise DataError(f"{name} has dtype {values.dtype}; expected real numbers")
    with np.errstate(over="ignore"):
        single = values.astype(np.float32, copy=False)
    if not np.isfinite(single).all():
        wrong = values[~np.isfinite(single)][0]
        raise DataError(
            f"{name} holds {wrong:g}; expected finite numbers that float32 holds, "
            "up to 3e38: write them in another unit"
        )
    return single
