"""Samples of one's own as the data set of a study: checked, named, split, scaled.

They go from file to file in blocks, so that their size does not count in memory.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awd import gaps, io, windows
from awd.errors import DataError, ShapeError, about
from awd.league import splits
from awd.own import answers, labels, source
from awd.own.answers import single
from awd.record.contracts import DATASET, SPLITS
from awd.samples import blocks, real

if TYPE_CHECKING:
    import xarray as xr

AXES = {1: ("channel", "time"), 2: ("channel", "y", "x")}
LARGE = ("x", "mask", "answer_gradient")  # what is written and read in blocks
CHUNK = 1 << 18  # bytes of samples that are stored together


def gather(
    settings: Mapping[str, Any],
    path: io.PathLike,
    stamp: Mapping[str, Any] | None = None,
) -> None:
    """Write all samples of a study, in the order that its source has them.

    The file keeps :data:`awd.record.contracts.DATASET`, without a split or with that of
    the source. Images have a channel axis always. Gaps are filled and signals of any
    length cut (:func:`awd.windows.cut`); ``mask`` says of which values. Where
    outputs of a network were computed elsewhere, there is ``answer(sample, name)``, and
    ``answer_gradient(name, sample, ...)`` if they came with gradients. Without any
    label the target is what the network answers.

    Parameters
    ----------
    settings : mapping
        A section ``own`` of the configuration (:class:`awd.config.own.Own`).
    path, stamp
        As for :func:`awd.io.write`.

    Raises
    ------
    ShapeError, DataError
        What is found are not samples, their targets, groups or split.
    """
    samples = settings["samples"]
    where = str(samples.get("file") or samples["function"])
    with contextlib.ExitStack() as stack:
        with about(where):
            found = stack.enter_context(source.opened(samples, settings["targets"]))
            form = _form(found, settings)
            known = answers.known(settings, form, stack)
            ds = _table(settings, form, known)
        described = {"x": {"units": "1", "long_name": settings["signal"]}}
        dims = {key: ("sample", *form.axes) for key in LARGE}
        dims["answer_gradient"] = ("name", *dims["x"])
        io.write_blocks(
            ds,
            _blocks(form, known, where),
            path,
            DATASET,
            {key: described.get(key, {}) for key in LARGE},
            stamp,
            dims,
            _rows_a_chunk(form.n, math.prod(form.shape)),
        )


class Form(NamedTuple):
    """How what is found becomes the samples of a data set.

    Attributes
    ----------
    found : mapping
        From :func:`awd.own.source.opened`.
    axes, shape : tuple
        Names and sizes of the axes of a sample.
    names : tuple of str
        Of the channels, where there are several windows.
    length : ndarray of shape (n,), or None
        As of :class:`awd.windows.Cut`.
    masked : bool
        Whether not all was seen of every sample.
    how : tuple
        ``dims``, windows and their size, of :func:`awd.windows.cut`.
    """

    found: Mapping[str, Any]
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    names: tuple[str, ...]
    length: np.ndarray | None
    masked: bool
    how: tuple[int, Sequence[str], int | None]

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.found["x"])

    def rows(self) -> Iterator[slice]:
        """Which samples to read together, to read all."""
        given = self.found["x"]
        row = math.prod(given.shape[1:]) * given.dtype.itemsize
        return blocks(self.n, self.n * max(row, 4 * math.prod(self.shape)))

    def cut(self, rows: slice) -> windows.Cut:
        """Some of the samples, float32."""
        found = _cut(self.found, rows, *self.how)
        mask = found.mask
        if mask is None and self.masked:
            mask = np.full(found.x.shape, gaps.SEEN, np.int8)
        return found._replace(x=single(found.x, "x"), mask=mask)


def _form(found: Mapping[str, Any], settings: Mapping[str, Any]) -> Form:
    """How samples are read, found on the first."""
    dims, names, size = (settings[key] for key in ("dims", "windows", "length"))
    shape = found["x"].shape
    axes = AXES[dims]
    if len(shape) not in (len(axes), len(axes) + 1) or 0 in shape:
        *_, last = ", ".join(axes).rpartition("channel, ")
        raise ShapeError(
            f"x is {shape}; expected (n, [channel,] {last}) for dims: {dims}, not empty"
        )
    gaps.require_fitting(found, dims)
    ends = gaps.lengths(found, dims)
    if ends is not None:
        size = size or int(ends.max())
    first = _cut(found, slice(0, 1), dims, names, size)
    least = shape[-1] if ends is None else ends.min()
    masked = "mask" in found or (dims == 1 and least < (size or least))
    return Form(
        found,
        axes[-first.x.ndim + 1 :],
        first.x.shape[1:],
        first.names,
        None if ends is None else np.minimum(ends, first.x.shape[-1]),
        masked,
        (dims, names, size),
    )


def _cut(
    found: Mapping[str, Any],
    rows: slice,
    dims: int,
    names: Sequence[str],
    size: int | None,
) -> windows.Cut:
    """Some samples through their windows, their gaps filled."""
    keys = {"x", "mask", "length"} & {*found}
    part = {key: np.asarray(found[key][rows]) for key in keys}
    x = real(part["x"], "x")
    x = x[:, None] if dims == 2 and x.ndim == 3 else x
    return windows.cut({**part, "x": x}, dims, names, size, rows.start)


def _table(settings: Mapping[str, Any], form: Form, known: answers.Known) -> xr.Dataset:
    """All of the data set but what is as large as the samples."""
    import xarray as xr

    found, n = form.found, form.n
    described = {"units": settings["units"], "long_name": "target"}
    ds = xr.Dataset(coords={"name": list(settings["targets"])})
    if form.names:
        ds["channel"] = "channel", list(form.names)
    if form.length is not None:
        ds["length"] = "sample", form.length
    ds.attrs["squeezed"] = int(settings["dims"] == 2 and found["x"].ndim == 3)
    if known.elsewhere:
        ds["answer"] = ("sample", "name"), known.outputs, described
    if "y" in found:
        target = labels.targets(np.asarray(found["y"]), settings, n)
        ds["target"] = ("sample", "name"), single(target, "y"), described
    elif known.outputs is not None:
        ds["target"] = ("sample", "name"), known.outputs, described
        ds.attrs["unlabelled"] = 1
    else:
        raise DataError(
            "there are neither labels (samples.y) nor a network whose answers could "
            "stand in their place; give one of them"
        )
    group = labels.of_samples(found, "group", n)
    ds["group"] = "sample", np.arange(n).astype(str) if group is None else group
    ds["block"] = ds["group"]
    split = labels.of_samples(found, "split", n)
    if split is not None:
        unknown = sorted(set(split) - set(SPLITS))
        if unknown:
            raise DataError(
                f"the split of the samples holds {', '.join(unknown)}; expected "
                f"{', '.join(SPLITS)}"
            )
        ds["split"] = "sample", split
    return ds


def _blocks(
    form: Form, known: answers.Known, where: str
) -> Iterator[dict[str, np.ndarray]]:
    """What is as large as the samples, a block after the other."""
    for rows in form.rows():
        with about(where):
            cut = form.cut(rows)
            block = {"x": cut.x}
            if cut.mask is not None:
                block["mask"] = cut.mask
            if known.gradient is not None:
                slopes = known.gradient(rows)
                seen = True if cut.mask is None else cut.mask == gaps.SEEN
                block["answer_gradient"] = slopes * seen
        yield block


def _rows_a_chunk(n: int, values: int) -> int:
    """Samples of so many float32 that are stored together."""
    return max(1, min(n, CHUNK // (4 * values)))


def split(
    whole: io.PathLike,
    path: io.PathLike,
    rotation: int,
    shares: Mapping[str, Any],
    seed: int,
    scaled: bool,
    stamp: Mapping[str, Any] | None = None,
) -> None:
    """Write the data set with a split by group.

    Parameters
    ----------
    whole : path
        From :func:`gather`.
    path, stamp
        As for :func:`awd.io.write`.
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
    with io.opened(whole, DATASET) as ds:
        sides = _sides(ds, rotation, shares, seed)
        large = [key for key in LARGE if key in ds]
        table = ds.drop_vars(large).load().assign(split=("sample", sides))
        described = {key: dict(ds[key].attrs) for key in large}
        scale = None
        if scaled:
            scale = _moments(ds, sides == "train")
            raw, (mean, sd) = described["x"], scale
            described["x"] = {
                "units": "s.d.",
                "long_name": raw["long_name"],
                "raw_units": raw["units"],
                "centre": mean.ravel(),
                "spread": sd.ravel(),
            }
        dims = {key: [*map(str, ds[key].dims)] for key in large}
        chunk = _rows_a_chunk(len(sides), math.prod(ds["x"].shape[1:]))
        written = _scaled(ds, large, scale)
        io.write_blocks(table, written, path, DATASET, described, stamp, dims, chunk)


def _sides(
    ds: xr.Dataset, rotation: int, shares: Mapping[str, Any], seed: int
) -> np.ndarray:
    """On which side of the split every sample is, (n,)."""
    if "split" not in ds:
        return splits.rotate(ds["group"].values, rotation, seed=seed, **shares)
    sides = ds["split"].values.astype(str)
    if rotation or set(SPLITS) - set(sides):
        raise DataError(
            f"the split of the samples holds {', '.join(np.unique(sides))}; "
            f"expected {', '.join(SPLITS)}, each at least once, and "
            "splits.rotations: 1"
        )
    splits.check(ds["group"].values, sides)
    return sides


def _moments(ds: xr.Dataset, training: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and s.d. of every channel where it was seen, (1, [channel,] 1, ...).

    Those of blocks are put together as in Chan, Golub and LeVeque (1983).
    """
    over = tuple(k for k, name in enumerate(ds["x"].dims) if name != "channel")
    count = mean = squares = np.zeros(())
    for rows in _rows(ds):
        kept = training[rows]
        x = ds["x"][rows].values[kept].astype(float)
        seen = np.ones(x.shape, bool)
        if "mask" in ds:
            seen = ds["mask"][rows].values[kept] == gaps.SEEN
        here = seen.sum(over, keepdims=True)
        own = x.sum(over, keepdims=True, where=seen) / here.clip(1)
        x -= own
        total, apart = (count + here).clip(1), own - mean
        squares = squares + np.square(x, out=x).sum(over, keepdims=True, where=seen)
        squares = squares + apart**2 * count * here / total
        mean, count = mean + apart * here / total, count + here
    sd = np.sqrt(squares / count.clip(1))
    if not (sd > 1e-12 * abs(mean)).all():
        raise DataError("a channel of x is constant over the training groups; drop it")
    return mean, sd


def _scaled(
    ds: xr.Dataset, large: Sequence[str], scale: tuple[np.ndarray, np.ndarray] | None
) -> Iterator[dict[str, np.ndarray]]:
    """Blocks as they are, or with their samples about a mean, in units of a s.d."""
    for rows in _rows(ds):
        block = {key: ds[key].isel(sample=rows).values for key in large}
        if scale is not None:
            x = ((block["x"] - scale[0]) / scale[1]).astype(np.float32)
            if "mask" in block:
                x[block["mask"] == gaps.BEYOND] = 0
            block["x"] = x
        yield block


def _rows(ds: xr.Dataset) -> Iterator[slice]:
    return blocks(ds.sizes["sample"], ds["x"].nbytes)
