"""A model as an ONNX graph: the same transform, picks and curves, for other runtimes.

Every level gathers the samples under each place of the filter, a row a coefficient,
and multiplies by the taps: this needs no more than Gather and MatMul, which runtimes
know in both precisions, and any border is a matter of which sample stands where.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import extras, io
from awd.errors import ConfigError
from awd.wavelet import highpass

if TYPE_CHECKING:
    from awd.model import Model

PRECISIONS = ("float64", "float32")
OPSET, IR = 17, 8  # of 2022: runtimes of that year and later read it


def write(model: Model, path: io.PathLike, precision: str = "float64") -> None:
    """Write the graph of a model, checked; see :meth:`awd.model.Model.to_onnx`."""
    if precision not in PRECISIONS:
        raise ConfigError(
            f"precision is {precision!r}; expected one of {', '.join(PRECISIONS)}"
        )
    with extras.needed("the graph of a model"):
        import onnx
    graph = Graph(onnx, np.dtype(precision))
    outputs = _outputs(graph, model)
    proto = graph.proto(model, outputs)
    onnx.checker.check_model(proto, full_check=True)
    with io.replacing(Path(os.fspath(path))) as temporary:
        temporary.write_bytes(proto.SerializeToString())


class Graph:
    """Nodes and constants of a graph that grows; methods return names of values.

    Parameters
    ----------
    onnx : module
    dtype : dtype
        Of all numbers that are not indices.
    """

    def __init__(self, onnx: Any, dtype: np.dtype) -> None:
        self.onnx, self.dtype = onnx, dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, *inputs: str, count: int = 1, **attributes: Any) -> Any:
        """A node: its output, or the list of its ``count`` outputs."""
        outputs = [f"{kind}_{len(self.nodes)}_{k}" for k in range(count)]
        make = self.onnx.helper.make_node
        self.nodes.append(make(kind, list(inputs), outputs, **attributes))
        return outputs[0] if count == 1 else outputs

    def constant(self, values: Any) -> str:
        """An array: integers as they are, other numbers in the precision."""
        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else self.dtype)
        name = f"constant_{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def number(self, value: str) -> str:
        """Indices as numbers."""
        kind = self.onnx.helper.np_dtype_to_tensor_dtype(self.dtype)
        return self.add("Cast", value, to=kind)

    def shaped(self, value: str, *shape: int) -> str:
        """Another shape; 0 keeps an axis, -1 is what is left."""
        return self.add("Reshape", value, self.constant(shape))

    def joined(self, values: Sequence[str], axis: int = 1) -> str:
        """Side by side."""
        return self.add("Concat", *values, axis=axis) if len(values) > 1 else values[0]

    def proto(self, model: Model, outputs: dict[str, tuple[str, list]]) -> Any:
        """The model proto, with what a user of the graph may want to know of it."""
        helper = self.onnx.helper
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        info = helper.make_tensor_value_info
        for name, (value, _) in outputs.items():
            self.nodes.append(helper.make_node("Identity", [value], [name]))
        graph = helper.make_graph(
            self.nodes,
            "awd",
            [info("x", kind, ["n", *model.sample.shape])],
            [info(name, kind, shape) for name, (_, shape) in outputs.items()],
            self.constants,
        )
        opset = [helper.make_opsetid("", OPSET)]
        proto = helper.make_model(graph, opset_imports=opset, ir_version=IR)
        proto.producer_name = "awd"
        described = {
            "name": model.story.name,
            "targets": ", ".join(target.name for target in model.targets),
            "classes": ", ".join(map(str, model.classes or ())),
            "sha256": model.checksum,
        }
        helper.set_model_props(proto, described)
        return proto


def _outputs(graph: Graph, model: Model) -> dict[str, tuple[str, list]]:
    """Values and shapes of all that the graph gives."""
    found = _summed(graph, model, _features(graph, model))
    targets = len(model.targets)
    single = graph.shaped(found, -1) if targets == 1 else found
    outputs = {"outputs": (single, ["n"] if targets == 1 else ["n", targets])}
    if model.classes:
        shares = _probabilities(graph, model, found)
        outputs["probabilities"] = shares, ["n", len(model.classes)]
    return outputs


def _features(graph: Graph, model: Model) -> str:
    """As :meth:`awd.features.Largest.features`, (n, features)."""
    recipe, sample = model.features, model.sample
    rows = graph.shaped(_scaled(graph, model), -1, *sample.plane)
    values, places = [], []
    for band, size in zip(_bands(graph, model, rows), model.reading.sizes, strict=True):
        for most, largest in ((recipe.m, 1), (recipe.smallest, 0)):
            if count := min(size, most):
                how = {
                    "axis": 1,
                    "largest": largest,
                    "sorted": 1,
                }  # of equals the first
                wanted = graph.constant([count])
                value, place = graph.add("TopK", band, wanted, count=2, **how)
                values.append(value)
                places.append(graph.number(place))
    parts = values + places * recipe.positions
    if recipe.start:
        first = graph.constant(np.arange(min(recipe.start, sample.plane[0])))
        parts.append(_mean(graph, graph.add("Gather", rows, first, axis=1)))
    if recipe.statistics:
        parts += _summary(graph, model, rows)
    return graph.shaped(graph.joined(parts), -1, model.reading.count)


def _scaled(graph: Graph, model: Model) -> str:
    """The samples less their centre, over their spread, where the model has them."""
    sample = model.sample
    if not sample.spread:
        return "x"
    centre, spread = (
        graph.constant(sample.columns(values, np.empty(0, graph.dtype)))
        for values in (sample.centre, sample.spread)
    )
    return graph.add("Div", graph.add("Sub", "x", centre), spread)


def _bands(graph: Graph, model: Model, rows: str) -> list[str]:
    """Coefficients of every band, (rows, size), coarse ones first."""
    taps, plane = np.stack([model.filter, highpass(model.filter)]), model.sample.plane
    approx, details = rows, []
    for _ in range(model.levels):
        windows = [_windows(n, taps.shape[1], model.mode) for n in plane]
        if model.mode == "zero":
            approx = _padded(graph, approx, len(plane))
        low, high = _along_x(graph, approx, windows[-1], taps)
        plane = tuple(len(window) for window in windows)
        if model.sample.dims == 1:
            approx, level = low, [high]
        else:
            approx, horizontal = _along_y(graph, low, windows[0], taps)
            level = [horizontal, *_along_y(graph, high, windows[0], taps)]
        details.append(level)
    found = [approx, *(band for level in details[::-1] for band in level)]
    return [graph.add("Flatten", band, axis=1) for band in found]


def _windows(n: int, taps: int, mode: str) -> np.ndarray:
    """Which samples stand under the taps, (coefficients, taps); ``n`` is the padding.

    Coefficient k is the product of the synthesis filter with the samples from
    ``2 k + 2 - taps`` on, or in mode periodization with those centred at ``2 k``.
    """
    if mode == "zero":
        at = 2 * np.arange((n + taps - 1) // 2)[:, None] + np.arange(2 - taps, 2)
        return np.where((at >= 0) & (at < n), at, n)
    at = 2 * np.arange((n + 1) // 2)[:, None] + np.arange(taps) + 1 - taps // 2
    return np.minimum(at % (n + n % 2), n - 1)  # an odd length repeats its last sample


def _padded(graph: Graph, value: str, dims: int) -> str:
    """A zero after the last sample along every axis that is transformed."""
    pads = [0] * (dims + 2) + [1] * dims
    return graph.add("Pad", value, graph.constant(pads))


def _along_x(
    graph: Graph, value: str, windows: np.ndarray, taps: np.ndarray
) -> tuple[str, str]:
    """Products of two filters (2, taps) with (rows, [y,] x), along the last axis."""
    under = graph.add("Gather", value, graph.constant(windows), axis=-1)
    both = graph.add("MatMul", under, graph.constant(taps.T))
    return _each(graph, both, -1)


def _along_y(
    graph: Graph, value: str, windows: np.ndarray, taps: np.ndarray
) -> tuple[str, str]:
    """The same along y of (rows, y, x)."""
    under = graph.add("Gather", value, graph.constant(windows), axis=1)
    both = graph.add("MatMul", graph.constant(taps), under)
    return _each(graph, both, 2)


def _each(graph: Graph, both: str, axis: int) -> tuple[str, str]:
    first, second = (
        graph.add("Gather", both, graph.constant(np.int64(k)), axis=axis)
        for k in (0, 1)
    )
    return first, second


def _summary(graph: Graph, model: Model, rows: str) -> list[str]:
    """Statistics of the undecimated bands, each of all bands, coarse ones first.

    As :func:`awd.filters.undecimated.summary`; borders are reflected about the last
    sample.
    """
    taps = np.stack([model.filter, highpass(model.filter)]) / np.sqrt(2)
    (n,), last = model.sample.plane, taps.shape[1] - 1
    approx, details = rows, []
    for level in range(model.levels):
        step = 2**level
        at = np.arange(n)[:, None] + (np.arange(last + 1) - last // 2) * step
        at = np.abs(at) % max(2 * n - 2, 1)
        approx, high = _along_x(graph, approx, np.minimum(at, 2 * n - 2 - at), taps)
        details.append(high)
    bands = [approx, *details[::-1]]
    wanted = model.features.statistics
    return [_statistic(graph, band, n, name) for name in wanted for band in bands]


def _statistic(graph: Graph, band: str, n: int, name: str) -> str:
    """A statistic of a band (rows, n), (rows, 1)."""
    add = graph.add
    if name in ("first", "middle", "last"):
        third = ("first", "middle", "last").index(name)
        inside = 3 * np.arange(n) // n == third
        return _mean(graph, add("Mul", band, graph.constant(inside.astype(float))))
    if name == "spread":
        away = add("Sub", band, _mean(graph, band))
        return add("Sqrt", _mean(graph, add("Mul", away, away)))
    if name in ("centre", "width"):
        size = add("Abs", band)
        centre = _time(graph, size, n)
        return centre if name == "centre" else _width(graph, size, centre, n)
    signed = add("Neg", band) if name == "fall" else band
    part = add("Max", signed, graph.constant(0.0))
    return _mean(graph, part) if name == "above" else _time(graph, part, n)


def _width(graph: Graph, size: str, centre: str, n: int) -> str:
    """S.d. in time of absolute values about their mean time."""
    late = graph.add("Sub", graph.constant(np.arange(n, dtype=float)), centre)
    square = graph.add("Mul", size, graph.add("Mul", late, late))
    spread = _ratio(graph, _mean(graph, square), _mean(graph, size), 0)
    return graph.add("Sqrt", spread)


def _mean(graph: Graph, value: str) -> str:
    return graph.add("ReduceMean", value, axes=[1], keepdims=1)


def _time(graph: Graph, weights: str, n: int) -> str:
    """Mean time of weights (rows, n), (rows, 1); the middle where all are zero."""
    times = graph.constant(np.arange(n, dtype=float))
    moment = _mean(graph, graph.add("Mul", weights, times))
    return _ratio(graph, moment, _mean(graph, weights), (n - 1) / 2)


def _ratio(graph: Graph, value: str, by: str, otherwise: float) -> str:
    """A quotient; something else where its divisor is zero."""
    some = graph.add("Greater", by, graph.constant(0.0))
    quotient = graph.add("Div", value, by)
    return graph.add("Where", some, quotient, graph.constant(float(otherwise)))


def _summed(graph: Graph, model: Model, features: str) -> str:
    """What the curves give together, within the fitted range, (n, targets)."""
    slopes = np.stack([part.slopes for part in model.curves], -1)
    total = graph.constant([float(part.intercept) for part in model.curves])
    knots = map(graph.constant, model.curves[0].knots)
    bent = [graph.add("Sub", features, knot) for knot in knots]
    parts = [features, *(graph.add("Relu", above) for above in bent)]
    for part, slope in zip(parts, slopes, strict=True):
        gain = graph.add("MatMul", part, graph.constant(slope))
        total = graph.add("Add", total, gain)
    low, high = model.ranges.T
    total = graph.add("Max", total, graph.constant(low))
    return graph.add("Min", total, graph.constant(high))


def _probabilities(graph: Graph, model: Model, found: str) -> str:
    """As :meth:`awd.model.Model.predict_proba`, (n, classes)."""
    if model.scale == "logits":
        if len(model.curves) == 1:
            nothing = graph.add("Sub", found, found)
            found = graph.joined([nothing, found])
        return graph.add("Softmax", found, axis=1)
    one, tiny = graph.constant(1.0), graph.constant(np.finfo(graph.dtype).tiny)
    found = graph.add("Min", graph.add("Max", found, graph.constant(0.0)), one)
    if len(model.curves) == 1:
        found = graph.joined([graph.add("Sub", one, found), found])
    found = graph.add("Max", found, tiny)
    total = graph.add("ReduceSum", found, graph.constant([1]), keepdims=1)
    return graph.add("Div", found, total)
