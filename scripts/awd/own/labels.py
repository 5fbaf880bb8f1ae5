"""What is known of every sample beside itself: targets, groups, sides of a split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from awd.errors import DataError, ShapeError


def targets(y: np.ndarray, settings: Mapping[str, Any], n: int) -> np.ndarray:
    """Targets (n, names), float, of what a source calls y.

    Raises
    ------
    ShapeError, DataError
        There is not one a sample; they are no numbers, or of no such class or column.
    """
    if y.shape[:1] != (n,):
        raise ShapeError(f"y is {y.shape}; expected ({n},) or ({n}, columns), as x")
    wanted = settings["targets"]
    if settings["task"] == "classes":
        labels = y.squeeze(1) if y.ndim == 2 and y.shape[1] == 1 else y
        if labels.ndim != 1:
            raise ShapeError(f"y is {y.shape}; expected a class a sample, ({n},)")
        labels = labels.astype(str)
        missing = [str(c) for c in wanted.values() if str(c) not in set(labels)]
        if missing:
            known = np.unique(labels)
            raise DataError(
                f"targets: no sample is of class {', '.join(missing)}; y holds "
                f"{len(known)} classes: {', '.join(known[:20])}"
            )
        return np.stack([labels == str(c) for c in wanted.values()], 1).astype(float)
    table = np.asarray(y).reshape(n, -1)
    if table.dtype.kind not in "fiu":
        raise DataError(
            f"y has dtype {table.dtype}; expected numbers, or task: classes"
        )
    in_table = str(settings["samples"].get("file")).endswith(".csv")
    if (
        in_table
        and len(wanted) == table.shape[1]
        and all(isinstance(c, str) for c in wanted.values())
    ):
        picked = list(range(len(wanted)))  # of a CSV, already in order
    else:
        picked = [_column(c, table.shape[1]) for c in wanted.values()]
    bad = ~np.isfinite(table[:, picked].astype(float)).all(1)
    if bad.any():
        raise DataError(
            f"y is not finite for {bad.sum()} of {n} samples, first for sample "
            f"{int(bad.argmax())}; drop these samples, or leave y out (samples.y) to "
            "distil without labels"
        )
    return table[:, picked].astype(float)


def _column(given: str | int, count: int) -> int:
    if isinstance(given, int) and 0 <= given < count:
        return given
    raise DataError(
        f"targets: no column {given!r} in y; expected a number from 0 to {count - 1}"
    )


def of_samples(found: Mapping[str, Any], key: str, n: int) -> np.ndarray | None:
    """A text a sample, (n,), where the source has it under this key.

    Raises
    ------
    ShapeError, DataError
        There is not one a sample, or one is not finite.
    """
    if key not in found:
        return None
    values = np.asarray(found[key])
    if values.shape != (n,):
        raise ShapeError(f"{key} is {values.shape}; expected one a sample, ({n},)")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError(f"{key} is not finite everywhere; expected a name a sample")
    return values.astype(str)
