"""Samples of one's own as the data set of a study: checked, named, split, scaled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.errors import DataError, ShapeError, about
from awd.league import splits
from awd.own import source, windows
from awd.record.contracts import SPLITS
from awd.samples import real

if TYPE_CHECKING:
    import xarray as xr

AXES = {1: ("channel", "time"), 2: ("channel", "y", "x")}


def gather(settings: Mapping[str, Any]) -> xr.Dataset:
    """All samples of a study, in the order that its source has them.

    Parameters
    ----------
    settings : mapping
        A section ``own`` of the configuration (:class:`awd.config.own.Own`).

    Returns
    -------
    Dataset
        :data:`awd.record.contracts.DATASET` without a split, or with that of the
        source. Images have a channel axis always. Gaps are filled and signals of any
        length cut (:func:`awd.own.windows.cut`); ``mask`` says of which values. Where
        outputs of a network were computed elsewhere, ``answer(sample, name)``, and
        ``answer_gradient(name, sample, ...)`` if they came with gradients. Without any
        label the target is what the network answers.

    Raises
    ------
    ShapeError, DataError
        What is found are not samples, their targets, groups or split.
    """
    samples = settings["samples"]
    with about(samples.get("file") or samples["function"]):
        return _gathered(settings, source.read(samples, settings["targets"]))


def _gathered(settings: Mapping[str, Any], found: source.Arrays) -> xr.Dataset:
    import xarray as xr

    given, axes = _samples(found["x"], settings["dims"])
    cut = windows.cut(
        {**found, "x": given}, settings["dims"], settings["windows"], settings["length"]
    )
    x = _single(cut.x, "x")
    n, names = len(x), list(settings["targets"])
    if x.ndim > len(axes) + 1:  # windows, of what had no channel
        axes = ("channel", *axes)
    described = {"units": settings["units"], "long_name": "target"}
    ds = xr.Dataset(
        {"x": (("sample", *axes), x, {"units": "1", "long_name": settings["signal"]})},
        coords={"name": names},
    )
    if cut.names:
        ds["channel"] = "channel", list(cut.names)
    if cut.mask is not None:
        ds["mask"] = ("sample", *axes), cut.mask
    if cut.length is not None:
        ds["length"] = "sample", cut.length
    ds.attrs["squeezed"] = int(settings["dims"] == 2 and found["x"].ndim == 3)
    answers = _answers(settings, found["x"], x, labelled="y" in found)
    elsewhere = bool(settings["network"]) and settings["network"]["kind"] == "outputs"
    if elsewhere:
        ds["answer"] = ("sample", "name"), answers["answer"], described
    if "gradient" in answers:
        slopes = answers["gradient"]
        slopes = slopes if cut.mask is None else slopes * (cut.mask == windows.SEEN)
        ds["answer_gradient"] = ("name", "sample", *axes), slopes
    if "y" in found:
        target = _targets(found["y"], settings, n)
        ds["target"] = ("sample", "name"), _single(target, "y"), described
    elif "answer" in answers:
        ds["target"] = ("sample", "name"), answers["answer"], described
        ds.attrs["unlabelled"] = 1
    else:
        raise DataError(
            "there are neither labels (samples.y) nor a network whose answers could "
            "stand in their place; give one of them"
        )
    group = _of_samples(found, "group", n)
    ds["group"] = "sample", np.arange(n).astype(str) if group is None else group
    ds["block"] = ds["group"]
    split = _of_samples(found, "split", n)
    if split is not None:
        ds["split"] = "sample", split
    return ds


def split(
    ds: xr.Dataset, rotation: int, shares: Mapping[str, Any], seed: int, scaled: bool
) -> xr.Dataset:
    """The data set with a split by group.

    Parameters
    ----------
    ds : Dataset
        From :func:`gather`.
    rotation : int
        Which groups test; a split that the source brings has one.
    shares, seed
        As for :func:`awd.league.splits.rotate`.
    scaled : bool
        Whether every channel is centred and divided by its s.d. over the training
        groups; ``centre``, ``spread`` and ``raw_units`` of ``x`` say what would undo
        it. What a mask hides does not count, and beyond its ends a sample stays 0. A
        network that is brought reads samples as they are.

    Raises
    ------
    DataError
        The split of the source tears a group or lacks a side, or there are several
        rotations of it; there are too few groups; a channel is constant.
    """
    if "split" in ds:
        sides = ds["split"].values.astype(str)
        unknown = sorted(set(sides) - set(SPLITS))
        if unknown or rotation or set(SPLITS) - set(sides):
            raise DataError(
                f"the split of the samples holds {', '.join(np.unique(sides))}; "
                f"expected {', '.join(SPLITS)}, each at least once, and "
                "splits.rotations: 1"
            )
        splits.check(ds["group"].values, sides)
    else:
        sides = splits.rotate(ds["group"].values, rotation, seed=seed, **shares)
    out = ds.assign(split=("sample", sides))
    if not scaled:
        return out
    x, training = ds["x"].values, sides == "train"
    over = tuple(axis for axis, name in enumerate(ds["x"].dims) if name != "channel")
    mask = ds["mask"].values if "mask" in ds else None
    seen = True if mask is None else mask[training] == windows.SEEN
    known = x[training]
    mean, sd = (
        f(known, axis=over, keepdims=True, where=seen) for f in (np.mean, np.std)
    )
    del known  # as large as most of x
    if not (sd > 0).all():
        raise DataError("a channel of x is constant over the training groups; drop it")
    described = {"units": "s.d.", "long_name": ds["x"].attrs["long_name"]}
    described |= {"raw_units": ds["x"].attrs["units"]}
    described |= {
        "centre": mean.ravel().astype(float),
        "spread": sd.ravel().astype(float),
    }
    values = x - mean
    values /= sd
    if mask is not None:
        values[mask == windows.BEYOND] = 0
    return out.assign(x=(ds["x"].dims, values, described))


def _samples(x: np.ndarray, dims: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """``x`` with the names of its axes; images get a channel axis."""
    axes, x = AXES[dims], real(x, "x")
    if x.ndim not in (len(axes), len(axes) + 1) or not x.size:
        *_, last = ", ".join(axes).rpartition("channel, ")
        raise ShapeError(
            f"x is {x.shape}; expected (n, [channel,] {last}) for dims: {dims}, not "
            "empty"
        )
    single = x.ndim == len(axes)
    if single and dims == 2:
        x, single = x[:, None], False
    return x, axes[1:] if single else axes


def _single(values: np.ndarray, name: str) -> np.ndarray:
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


def _targets(y: np.ndarray, settings: Mapping[str, Any], n: int) -> np.ndarray:
    """Targets (n, names), float."""
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


def _of_samples(found: source.Arrays, key: str, n: int) -> np.ndarray | None:
    """A text a sample, (n,), where the source has it."""
    if key not in found:
        return None
    values = np.asarray(found[key])
    if values.shape != (n,):
        raise ShapeError(f"{key} is {values.shape}; expected one a sample, ({n},)")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError(f"{key} is not finite everywhere; expected a name a sample")
    return values.astype(str)


def _answers(
    settings: Mapping[str, Any], given: np.ndarray, x: np.ndarray, labelled: bool
) -> source.Arrays:
    """Outputs (n, names) and gradients (names, *x.shape), as far as they are needed.

    Those that were computed before; without labels also what a network answers.
    """
    network = settings["network"]
    if not network or (network["kind"] != "outputs" and labelled):
        return {}
    columns = network["columns"] or list(range(len(settings["targets"])))
    if network["kind"] == "outputs":
        return _elsewhere(network["file"], columns, given, x)
    from awd.teacher import shelf

    squeezed = given.ndim < x.ndim
    found = [
        shelf.opened({**network, "column": c, "squeezed": squeezed}).output(x)
        for c in columns
    ]
    return {"answer": np.stack(found, 1).astype(np.float32)}


def _elsewhere(
    path: str, columns: list[int], given: np.ndarray, x: np.ndarray
) -> source.Arrays:
    """Outputs and gradients from a file, checked against the samples."""
    found = source.arrays(path)
    if "output" not in found:
        raise DataError(f"{path}: no array 'output'; it holds {', '.join(found)}")
    table = _single(found["output"], f"{path}: output")
    table = table.reshape(table.shape[0] if table.ndim else 1, -1)
    if len(table) != len(x) or not {*columns} <= {*range(table.shape[1])}:
        raise ShapeError(
            f"{path}: output is {found['output'].shape}; expected ({len(x)},) or "
            f"({len(x)}, columns) with columns {columns}"
        )
    answers = {"answer": table[:, columns]}
    if "gradient" in found:
        gradient = _single(found["gradient"], f"{path}: gradient")
        if given.size != x.size:
            raise DataError(
                f"{path}: gradient is of x as it came, {given.shape}, and the method "
                f"reads windows of it, {x.shape}; leave gradient out, or windows and "
                "length"
            )
        stacked = gradient[None] if gradient.shape == given.shape else gradient
        if stacked.shape[1:] != given.shape or max(columns) >= len(stacked):
            raise ShapeError(
                f"{path}: gradient is {gradient.shape}; expected that of x, "
                f"{given.shape}, or one for each column, (columns, *{given.shape})"
            )
        answers["gradient"] = stacked[columns].reshape(len(columns), *x.shape)
    return answers
