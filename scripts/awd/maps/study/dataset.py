"""From maps, simulated or read, to their samples: block means, noise, tiles, splits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.arguments import checked
from awd.errors import DataError, ShapeError
from awd.log import log
from awd.maps.infer import size as too_few
from awd.maps.infer.emulator import FEWEST_GROUPS
from awd.maps.measure import sizes
from awd.maps.names import PARAMETERS, long_name, unit
from awd.maps.readers import Collection, agreed
from awd.maps.readers import split_by_realisation as split_by_realisation
from awd.maps.readers.parameters import with_derived
from awd.maps.sky import lensing
from awd.maps.study import finish
from awd.record import contracts
from awd.record.provenance import derive_seed

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

BATCH = 64  # maps that are written together
COLUMNS = ("source", "cosmology", "realisation", "group", "split")  # no parameters
DESCRIBED = {
    "x": {"units": "1", "long_name": "convergence"},
    "mask": {"units": "1", "long_name": "1 where the sky was seen"},
}


def shards(paths: Sequence[io.PathLike]) -> Collection:
    """Simulated maps, of one cosmology and initial condition a file."""
    import pandas as pd

    headers, counts = [], []
    for path in paths:
        with io.opened(path, contracts.SHARD) as ds:
            names = ("cosmology", "group", "split")
            header = {name: ds.attrs[name] for name in names}
            header |= {name: ds.attrs[name] for name in PARAMETERS if name in ds.attrs}
            rows = ds.sizes["sample"]
            counts.append(rows)
            headers += [
                {"source": f"{path}[{k}]", "realisation": k, **header}
                for k in range(rows)
            ]

    table = pd.DataFrame(headers)
    own = np.repeat(np.arange(len(paths)), counts)

    def pixels(rows: Sequence[int]) -> Iterator[np.ndarray]:
        some = np.asarray(rows, int)
        for k in np.unique(own[some]):
            held = io.read(paths[k], contracts.SHARD)["x"].values
            yield from held[table["realisation"].to_numpy()[some[own[some] == k]]]

    return Collection(with_derived(table), pixels)


def require_enough(
    collection: Collection,
    targets: Sequence[str],
    methods: Mapping[str, Any],
    tiling: Mapping[str, Any],
    fields: int = 1,
) -> None:
    """Raise where maps are too few for what is to be inferred from them.

    Parameters
    ----------
    collection : Collection
        With ``split`` in its table.
    targets : sequence of str
        Parameters that are inferred together.
    methods : mapping
        ``names`` of statistics, their ``bins``, and the ``covariance``.
    tiling : mapping
        Arguments of :func:`write`.
    fields : int
        Bins of sources.

    Raises
    ------
    DataError
        So it is; no pixel was read.
    """
    table = collection.table
    train = table[table["split"] == "train"]
    bins, side = methods["bins"], tiling["tile"] or tiling["size"]
    few = too_few.problem(
        train["cosmology"].nunique(),
        len(train),
        len(targets),
        {n: sizes.features(n, bins, fields, side) for n in methods["names"]},
        methods["covariance"],
    )
    if few:
        raise DataError(f"there are {few}")


@checked(
    pixel_arcmin=(1e-4, 1e4),
    size=(1, 1e5),
    tile=(1, 1e5),
    stride=(1, 1e5),
    galaxies=(1e-6, 1e6),
    smoothing_arcmin=(0, 1e4),
    nan=("refuse", "mask"),
)
def write(
    collection: Collection,
    path: io.PathLike,
    *,
    pixel_arcmin: float | None,
    targets: Sequence[str],
    size: int | None = None,
    tile: int | None = None,
    stride: int | None = None,
    galaxies: float | Sequence[float] | None = None,
    ellipticity: float | Sequence[float] = lensing.ELLIPTICITY,
    smoothing_arcmin: float = 0.0,
    nan: str = "refuse",
    mask: io.PathLike | None = None,
    seed: int = 0,
    left_out: Mapping[str, str] | None = None,
    stamp: Mapping[str, Any] | None = None,
) -> None:
    """Write ``samples.nc`` (:data:`awd.record.contracts.MAPS`), map after map.

    Parameters
    ----------
    collection : Collection
        With ``group`` and ``split`` in its table.
    path : path
    pixel_arcmin : float, optional
        Of the maps as they come; None where their files tell it.
    targets : sequence of str
        Parameters that are kept.
    size : int, optional
        Side after exact block means.
    tile, stride : int, optional
        Side of tiles and the distance between them; tiles of a map share its group.
    galaxies : float or sequence of float, optional
        Per square arcminute, in all bins alike or in each: adds shape noise, to maps of
        the wanted size.
    ellipticity : float or sequence of float
        S.d. of the galaxies' shapes, as for ``galaxies``.
    smoothing_arcmin : float
        S.d. of a Gaussian, after the noise.
    nan : {"refuse", "mask"}
        What a pixel that is NaN, or UNSEEN, means: an error, or not seen.
    mask : path, optional
        Of a survey's mask, of the maps as they come: 0 where nothing was seen.
    seed : int
        Of the noise.
    left_out : mapping of str to str, optional
        Maps that were, and why (:func:`usable`): the attribute ``rejected``.
    stamp : mapping, optional
        Provenance.

    Raises
    ------
    ShapeError, DataError
        Maps differ in shape or are not square, sizes do not fit, a pixel is not finite
        or as large as no convergence is, a map is there twice, there is only one
        cosmology, or a tile was hardly seen.
    """
    table = collection.table
    _require_parameters(table, targets)
    _warn_of_few_groups(table)
    pixel_arcmin = agreed(collection.found, pixel_arcmin, table["source"].iloc[0])
    maps = iter(collection)
    first = next(maps)
    side = first.shape[-1]
    size = size or side
    offsets = tile_offsets(size, tile or size, stride or tile or size)
    pixel = pixel_arcmin * side / size
    header = _header(table, offsets, targets).assign_attrs(
        pixel_arcmin=pixel,
        galaxies_per_arcmin2=0.0 if galaxies is None else galaxies,
        smoothing_arcmin=smoothing_arcmin,
        tile=tile or size,
        **({"rejected": io.dumps(left_out)} if left_out else {}),
    )
    noise = _noise(first, galaxies, ellipticity, pixel)
    hidden = None if mask is None else ~finish.read_mask(mask, first.shape[-2:])
    masked = hidden is not None or nan == "mask"

    def finished() -> Iterator[dict[str, np.ndarray]]:
        every = itertools.chain([first], maps)  # the first is not read again
        checked = finish.checked_maps(
            table["source"], every, first.shape, nan == "mask", hidden
        )
        for row, raw in zip(table.itertuples(), checked, strict=True):
            drawn = None
            if noise is not None:
                key = derive_seed(seed, row.cosmology, row.group, row.realisation)
                shape = *raw.shape[:-2], size, size
                drawn = np.random.default_rng(key).standard_normal(shape, "f4")
                drawn *= noise
            kappa, seen = finish.finished(raw, size, drawn, smoothing_arcmin / pixel)
            if masked:
                finish.require_tiles(seen, tile or size, offsets, str(row.source))
            for y, x in offsets:
                at = slice(y, y + (tile or size)), slice(x, x + (tile or size))
                cut = {"x": kappa[..., *at]}
                if masked:
                    cut["mask"] = seen[at].astype(np.int8)
                yield cut

    blocks = _batched(finished())
    io.write_blocks(header, blocks, path, contracts.MAPS, DESCRIBED, stamp)


def _warn_of_few_groups(table: pd.DataFrame) -> None:
    """Say so where nothing will show how far maps of one group deviate together."""
    groups = table.loc[table["split"] == "select", "group"].nunique()
    if groups < FEWEST_GROUPS:
        log.warning(
            "the select side has %d initial conditions (groups); with fewer than %d it "
            "does not show how maps of one deviate together, so posteriors may be too "
            "narrow: give it more",
            groups,
            FEWEST_GROUPS,
        )


def _noise(
    kappa: np.ndarray,
    galaxies: float | Sequence[float] | None,
    ellipticity: float | Sequence[float],
    pixel_arcmin: float,
) -> np.ndarray | None:
    """S.d. of the shape noise of a pixel, of every bin; None without noise."""
    if galaxies is None:
        return None
    bins = 1 if kappa.ndim == 2 else len(kappa)
    if not {np.size(galaxies), np.size(ellipticity)} <= {1, bins}:
        raise DataError(
            f"maps have {bins} bins of sources; expected one value of maps.galaxies "
            f"and maps.ellipticity, or {bins}"
        )
    pairs = np.broadcast(galaxies, ellipticity, np.empty(bins))
    spreads = [lensing.shape_noise(n, pixel_arcmin, e) for n, e, _ in pairs]
    return np.array(spreads, np.float32).reshape(*kappa.shape[:-2], 1, 1)


def _require_parameters(table: pd.DataFrame, targets: Sequence[str]) -> None:
    absent = [name for name in targets if name not in table]
    if absent:
        other = (*PARAMETERS, *table.columns.difference([*PARAMETERS, *COLUMNS]))
        known = ", ".join(name for name in other if name in table)
        raise DataError(
            f"the maps' parameters are {known or 'unknown'}; no {', '.join(absent)} "
            "(maps.targets)"
        )
    if table["cosmology"].nunique() < 2:
        raise DataError(
            f"all {len(table)} maps are of cosmology {table['cosmology'].iloc[0]!r}; "
            "to tell cosmologies apart takes at least 2"
        )


@checked(size=(1, 1e6), tile=(1, 1e6), stride=(1, 1e6))
def tile_offsets(size: int, tile: int, stride: int) -> np.ndarray:
    """Corners (tiles, 2) of the tiles of a map, y and x, pixels.

    Raises
    ------
    ShapeError
        Tiles do not fit, or leave pixels over.
    """
    if tile > size or (size - tile) % stride:
        raise ShapeError(
            f"tiles of {tile} pixels every {stride} do not fit maps of {size}; "
            "expected whole steps from one end to the other (maps.tile, maps.stride)"
        )
    at = np.arange(0, size - tile + 1, stride)
    return np.stack(np.meshgrid(at, at, indexing="ij"), -1).reshape(-1, 2)


def _header(
    table: pd.DataFrame, offsets: np.ndarray, targets: Sequence[str]
) -> xr.Dataset:
    """All of ``samples.nc`` but the pixels, a row a tile."""
    import xarray as xr

    rows = table.loc[table.index.repeat(len(offsets))]
    names = ", ".join(f"{long_name(t)} ({unit(t)})" for t in targets)
    ds = xr.Dataset(
        {
            "target": (("sample", "name"), rows[list(targets)].to_numpy(np.float32)),
            **{
                name: ("sample", rows[column].to_numpy(str))
                for name, column in (
                    ("group", "group"),
                    ("block", "cosmology"),
                    ("cosmology", "cosmology"),
                    ("split", "split"),
                )
            },
            "realisation": ("sample", rows["realisation"].to_numpy(np.int32)),
            "offset": (
                ("sample", "axis"),
                np.tile(offsets.astype(np.int32), (len(table), 1)),
            ),
        },
        coords={"name": list(targets)},
    )
    ds["target"].attrs = {"units": "1", "long_name": names}
    return ds


def usable(
    collection: Collection,
    nan: str = "refuse",
    mask: io.PathLike | None = None,
    size: int | None = None,
    tile: int | None = None,
    stride: int | None = None,
) -> tuple[Collection, dict[str, str]]:
    """The maps that can be used, and why each other one cannot: all are read once.

    Parameters
    ----------
    collection : Collection
    nan, mask, size, tile, stride
        As for :func:`write`.

    Returns
    -------
    collection : Collection
        Without those that cannot be read, are no convergence or are there twice, of
        which a tile was hardly seen, and those of another shape than most.
    reasons : dict of str to str
        By source of a map that is left out, or that is not there.

    Raises
    ------
    DataError
        Half of the maps or more would be left out, or all of a side.
    """
    sources = collection.table["source"].tolist()
    hidden = None if mask is None else ~finish.read_mask(mask)
    reasons: dict[str, str] = {}
    shapes: dict[int, tuple[int, ...]] = {}
    seen: dict[bytes, str] = {}
    row = 0
    while row < len(sources):  # a reader ends where it fails, and goes on behind it
        try:
            for kappa in collection.pixels(range(row, len(sources))):
                if hidden is not None and kappa.shape[-2:] != hidden.shape:
                    raise DataError(
                        f"has shape {kappa.shape[-2:]}, the mask {mask} has "
                        f"{hidden.shape} (maps.mask)"
                    )
                kappa = finish.sound(sources[row], kappa, nan == "mask", seen, hidden)
                side = size or kappa.shape[-1]
                offsets = tile_offsets(side, tile or side, stride or tile or side)
                seen_pixels = finish.seen_of(kappa, side)[-1]
                finish.require_tiles(seen_pixels, tile or side, offsets, sources[row])
                shapes[row] = kappa.shape
                row += 1
        except Exception as error:  # nothing of one map ends the run
            reasons[sources[row]] = str(error) or type(error).__name__
            row += 1
    usual = max(shapes.values(), key=[*shapes.values()].count, default=())
    for row, shape in shapes.items():
        if shape != usual or shape[-1] != shape[-2]:
            reasons[sources[row]] = finish.other_shape(shape, usual)
    for source, reason in reasons.items():
        log.warning("%s is left out: %s", source, reason)
    kept = collection.of([k for k, s in enumerate(sources) if s not in reasons])
    whole = {*collection.table["split"]} == {*kept.table["split"]}
    reasons |= collection.left_out
    count = len(sources) + len(collection.left_out)
    if 2 * len(reasons) >= count or not whole:
        source, reason = next(iter(reasons.items()))
        raise DataError(
            f"{len(reasons)} of {count} maps cannot be used, which is too many "
            f"to leave out; the first: {source}: {reason}"
        )
    return kept, reasons


def table_of(left_out: Mapping[str, str]) -> pd.DataFrame:
    """Maps that were left out and why, a row each: ``map``, ``reason``."""
    import pandas as pd

    return pd.DataFrame({"map": [*left_out], "reason": [*left_out.values()]}, dtype=str)


def _batched(
    tiles: Iterator[dict[str, np.ndarray]],
) -> Iterator[dict[str, np.ndarray]]:
    """Tiles in blocks that are written at once."""
    while batch := list(itertools.islice(tiles, BATCH)):
        yield {name: np.stack([tile[name] for tile in batch]) for name in batch[0]}
