"""What each netCDF file must hold, checked at the door when written and when read.

A contract is data: a table of variables with their dimensions, kind of dtype and
range. A file may hold more than its contract asks for, never less.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from awd import samples
from awd.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

KINDS = {"f": "floating point", "i": "integer", "b": "boolean (0/1)", "U": "text"}


@dataclass(frozen=True)
class Variable:
    """One variable of a file.

    ``dims`` names the dimensions in order; one in brackets, ``"[channel]"``, may be
    left out. ``kind`` is a numpy dtype kind. Values must be finite unless
    ``finite=False``, and within ``low`` and ``high`` (inclusive).
    """

    dims: tuple[str, ...]
    kind: str
    low: float = -np.inf
    high: float = np.inf
    finite: bool = True
    optional: bool = False
    values: tuple[str, ...] = ()
    described: bool = False  # must carry `units` and `long_name`
    streamed: bool = False  # too large to look at every value whenever it is opened


@dataclass(frozen=True)
class Contract:
    """The variables and global attributes that a kind of file must hold."""

    name: str
    variables: dict[str, Variable]
    attributes: tuple[str, ...] = field(default=())

    @property
    def streamed(self) -> tuple[str, ...]:
        """Names of the variables that are too large to look at every value."""
        return tuple(name for name, rule in self.variables.items() if rule.streamed)

    def check(self, ds: xr.Dataset, where: str) -> xr.Dataset:
        """Return ``ds`` unchanged when it keeps the self.

        Raises
        ------
        DataError
            Naming ``where`` (a path), the variable and the first offending index.
        """
        for name, rule in self.variables.items():
            if name not in ds.variables:
                if rule.optional:
                    continue
                raise DataError(
                    f"{where}: no variable {name!r}; a {self.name} file holds "
                    f"{', '.join(self.variables)}"
                )
            _check_variable(ds[name], rule, f"{where}: {name}")
        for name in self.attributes:
            if name not in ds.attrs:
                raise DataError(f"{where}: a {self.name} file needs attribute {name!r}")
        return ds


SPLITS = ("train", "select", "test")

DATASET = Contract(
    "dataset",
    {
        "x": Variable(("sample", "[channel]", "[y]", "[time|x]"), "f", described=True),
        "target": Variable(("sample", "name"), "f", described=True),
        "group": Variable(("sample",), "U"),
        "block": Variable(("sample",), "U"),
        "length": Variable(("sample",), "i", low=1, optional=True),
        # 1 where a value was seen, 0 where it was filled, -1 beyond a sample's ends.
        "mask": Variable(
            ("sample", "[channel]", "[y]", "[time|x]"), "i", -1, 1, optional=True
        ),
        "hand": Variable(("sample", "feature"), "f", optional=True, described=True),
        "split": Variable(("sample",), "U", values=SPLITS, optional=True),
        # What a network answered elsewhere, and its gradients there.
        "answer": Variable(("sample", "name"), "f", optional=True, described=True),
        "answer_gradient": Variable(
            ("name", "sample", "[channel]", "[y]", "[time|x]"), "f", optional=True
        ),
    },
)

SHARD = Contract(
    "shard",
    {
        # Channels are bins of sources.
        "x": Variable(
            ("sample", "[channel]", "y", "x"), "f", described=True, streamed=True
        )
    },
    ("cosmology", "group", "split"),
)

MAPS = Contract(
    "maps",
    {
        "x": Variable(
            ("sample", "[channel]", "y", "x"), "f", described=True, streamed=True
        ),
        # 1 where the sky was seen, in all bins; `x` is filled where it was not.
        "mask": Variable(("sample", "y", "x"), "i", optional=True, streamed=True),
        "target": Variable(("sample", "name"), "f", described=True),
        "group": Variable(("sample",), "U"),  # initial condition, or realisation
        "block": Variable(("sample",), "U"),  # cosmology
        "cosmology": Variable(("sample",), "U"),
        "realisation": Variable(("sample",), "i", low=0),
        "offset": Variable(("sample", "axis"), "i", low=0),  # of the tile, pixels
        "split": Variable(("sample",), "U", values=SPLITS),
    },
    ("pixel_arcmin",),
)

OUTPUTS = Contract(
    "outputs",
    {
        # What every network answers, in the targets' units, on all samples.
        "network": Variable(("network",), "U"),
        "name": Variable(("name",), "U"),
        "output": Variable(("network", "sample", "name"), "f", described=True),
        # Its gradients, of networks that have them, in these samples.
        "differentiated": Variable(("differentiated",), "U"),
        "gradient": Variable(
            ("differentiated", "row", "[channel]", "[y]", "[time|x]"), "f"
        ),
        "row": Variable(("row",), "i", low=0),
    },
    ("device",),
)

# Teachers that know nothing of the target; what they teach is a control.
CONTROLS = ("untrained", "shuffled")
BROUGHT = "network"  # one that was not trained here
# Networks of the first kind that did not see a fold of the training groups.
FOLD = "fold"
ROLES = ("teacher", "distilled", "control", "wavelet", "baseline")

WAVELETS = Contract(
    "wavelets",
    {
        # What each method ended with; taps beyond `length` are 0.
        "method": Variable(("method",), "U"),
        "role": Variable(("method",), "U", values=ROLES),
        "filter": Variable(("method", "tap"), "f"),
        "length": Variable(("method",), "i", low=2),
        "levels": Variable(("method",), "i", low=1),
        "family": Variable(("method",), "U"),
        "chosen_by": Variable(("method",), "U", values=("fidelity", "labels")),
        "score": Variable(("method",), "f", high=1),
        "scored": Variable(("method",), "i", low=1),
        "parameters": Variable(("method",), "i", low=0),
        # Every filter that was scored: which method's, its shape, its score (R2).
        "candidate_method": Variable(("candidate",), "U"),
        "candidate_filter": Variable(("candidate", "tap"), "f"),
        "candidate_length": Variable(("candidate",), "i", low=2),
        "candidate_levels": Variable(("candidate",), "i", low=1),
        "candidate_flipped": Variable(("candidate",), "i", low=0, high=1),
        "candidate_mirrored": Variable(("candidate",), "i", low=0, high=1),
        "candidate_sparsity": Variable(("candidate",), "f", low=0, finite=False),
        "candidate_attribution": Variable(("candidate",), "f", low=0, finite=False),
        "candidate_value": Variable(("candidate",), "f", finite=False),
        "candidate_parameter": Variable(("candidate",), "f", finite=False),
        "candidate_score": Variable(("candidate",), "f", high=1),
        # Filters found again when groups are resampled, and whose they are.
        "draw_method": Variable(("draw",), "U", optional=True),
        "draw_filter": Variable(("draw", "tap"), "f", optional=True),
    },
    ("target", "mode", "split", "seed"),
)

PREDICTIONS = Contract(
    "predictions",
    {
        "prediction": Variable(("method", "sample"), "f", described=True),
        "method": Variable(("method",), "U"),
        "role": Variable(("method",), "U", values=ROLES),
        "fidelity": Variable(("method",), "f", high=1, finite=False),
        "compression": Variable(("method",), "f", low=0, high=1, finite=False),
        "filter_parameters": Variable(("method",), "i", low=0),
        "head_parameters": Variable(("method",), "i", low=0),
        "scored": Variable(("method",), "i", low=0),
        "share": Variable(("method",), "f", low=0, high=1, finite=False),
        "target": Variable(("sample",), "f", described=True),
        "group": Variable(("sample",), "U"),
        "block": Variable(("sample",), "U"),
        "row": Variable(("sample",), "i", low=0),
    },
    ("study", "target_name", "split", "seed"),
)

HANDED = Contract(
    "handed",
    {
        # An entry is a model fitted to so many labels of a draw, or to none.
        "prediction": Variable(("entry", "sample"), "f", described=True),
        "method": Variable(("entry",), "U"),
        "role": Variable(("entry",), "U", values=ROLES),
        "labels": Variable(("entry",), "i", low=0),
        "draw": Variable(("entry",), "i", low=0),
        "target": Variable(("sample",), "f", described=True),
        "group": Variable(("sample",), "U"),
        "block": Variable(("sample",), "U"),
        "row": Variable(("sample",), "i", low=0),
        # Half of the user's groups in which a sample tests; the other is its pool.
        "half": Variable(("sample",), "i", low=0, high=1),
    },
    ("study", "target_name", "split", "seed", "shift"),
)


def _check_variable(array: xr.DataArray, rule: Variable, where: str) -> None:
    if not _dims_fit(array.dims, rule.dims):
        raise DataError(f"{where} has dimensions {array.dims}; expected {rule.dims}")
    kind = "U" if array.dtype.kind == "O" else array.dtype.kind.replace("u", "i")
    if kind != rule.kind:
        raise DataError(f"{where} has dtype {array.dtype}; expected {KINDS[rule.kind]}")
    if rule.described:
        for key in ("units", "long_name"):
            if not array.attrs.get(key):
                raise DataError(f"{where} needs the attribute {key!r}")
    if kind == "U":
        if rule.values:
            expected = f"one of {rule.values}"
            known = lambda values: np.isin(values.astype(str), rule.values)  # noqa: E731
            _require(array, known, expected, where)
        return
    if rule.streamed:
        return
    if rule.finite and kind == "f":
        _require(array, np.isfinite, "a finite value", where)
    if np.isfinite([rule.low, rule.high]).any():
        # NaN, where it is allowed, is not outside.
        inside = lambda values: ~((values < rule.low) | (values > rule.high))  # noqa: E731
        _require(array, inside, f"{rule.low} to {rule.high}", where)


def _dims_fit(dims: tuple, pattern: tuple[str, ...]) -> bool:
    """Match dimension names; ``[a|b]`` is optional and may be called a or b."""
    rest = list(dims)
    for item in pattern:
        names = item.strip("[]").split("|")
        if rest and rest[0] in names:
            rest.pop(0)
        elif not item.startswith("["):
            return False
    return not rest


def _require(
    array: xr.DataArray,
    good: Callable[[np.ndarray], np.ndarray],
    expected: str,
    where: str,
) -> None:
    """Refuse values that are not good; what lies in a file is read in blocks."""
    first, count = "", 0
    axis = array.dims.index("sample") if "sample" in array.dims else 0
    rows = array.shape[axis] if array.ndim else 1
    for block in samples.blocks(rows, array.nbytes):
        index = (slice(None),) * axis + (block,)
        values = np.asarray(array[index].values if array.ndim else array.values)
        bad = ~good(values)
        if bad.any() and not first:
            place = np.argwhere(bad)[0]
            value = values[tuple(place)]
            if array.ndim:
                place[axis] += block.start
            first = f"{place.tolist()} is {value}"
        count += int(bad.sum())
    if count:
        raise DataError(
            f"{where}{first}; expected {expected} ({count} of {array.size} values "
            "offend)"
        )
