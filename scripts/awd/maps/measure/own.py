"""Statistics of one's own, by import path: asked, and held to what they must be."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import registry
from awd.errors import AwdError, ConfigError, DataError

if TYPE_CHECKING:
    from typing import Self

TRIED = 4  # maps of noise on which one is tried before any job
SIDE = 64, 128  # of these, pixels: where the run's are not known, and at most


@dataclass(frozen=True)
class Own:
    """A statistic of one's own as all others are.

    Parameters
    ----------
    name : str
        Its import path.
    part : object
        With ``fitted(maps, mask)``, which gives it, or another, with its constants, and
        ``features(maps, mask)`` of shape (n, d).
    """

    name: str
    part: Any

    @property
    def constants(self) -> int:
        """How many numbers it says that training maps decide; else 0."""
        return int(getattr(self.part, "constants", 0))

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        # A copy: of several bins of sources each is fitted by itself.
        part = copy.deepcopy(self.part)
        return replace(self, part=_called(self.name, part.fitted, maps, mask))

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        found = np.asarray(_called(self.name, self.part.features, maps, mask))
        if found.ndim != 2 or len(found) != len(maps) or not found.shape[1]:
            raise DataError(
                f"{self.name}: the features of {len(maps)} maps have shape "
                f"{found.shape}; expected ({len(maps)}, features), a row a map"
            )
        if found.dtype.kind not in "fiub" or not np.isfinite(found).all():
            raise DataError(
                f"{self.name}: features are of {found.dtype} or not all finite; "
                "expected finite numbers of every map"
            )
        return found.astype(np.float32)


def of(name: str, pixel_arcmin: float) -> Own:
    """The statistic behind an import path.

    Parameters
    ----------
    name : str
        Of a class, or function, that is given the side of a pixel, arcmin.
    pixel_arcmin : float

    Raises
    ------
    ConfigError, MissingInput
        It cannot be imported or made, or lacks ``fitted`` or ``features``.
    """
    part = _called(name, registry.imported(name), pixel_arcmin)
    missing = [n for n in ("fitted", "features") if not callable(getattr(part, n, 0))]
    if missing:
        raise ConfigError(
            f"{name} has no {' and no '.join(missing)}; expected what a call with the "
            "side of a pixel (arcmin) gives to have fitted(maps, mask) and "
            "features(maps, mask)"
        )
    return Own(name, part)


def _called(name: str, function: Callable, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except AwdError:
        raise
    except Exception as error:
        shapes = [f"maps {a.shape}" for a in arguments[:1] if isinstance(a, np.ndarray)]
        where = f" on {shapes[0]}" if shapes else ""
        raise ConfigError(
            f"{name} fails{where} ({type(error).__name__}: {error}); mend it first"
        ) from error


def tried(name: str, side: int | None = None) -> int:
    """How many features a statistic of one's own has of maps of noise, masked or not.

    Parameters
    ----------
    name : str
        Its import path.
    side : int, optional
        Of the maps of the run, pixels.

    Raises
    ------
    ConfigError, DataError, MissingInput
        It fails, or a map's features depend on the maps beside it.
    """
    side = min(side or SIDE[0], SIDE[1])
    rng = np.random.default_rng(0)
    maps = rng.normal(0, 0.02, (TRIED, side, side)).astype(np.float32)
    mask = np.ones(maps.shape, bool)
    mask[:, : side // 4, : side // 4] = False
    statistic = of(name, 1.0)
    for seen in (None, mask):
        fitted = statistic.fitted(maps, seen)
        whole = fitted.features(maps, seen)
        some = fitted.features(maps[1:2], None if seen is None else seen[1:2])
        if some.shape[1:] != whole.shape[1:] or not np.allclose(
            some, whole[1:2], rtol=1e-3, atol=1e-5 * np.abs(whole).max()
        ):
            raise DataError(
                f"{name}: a map has other features alone than among others; expected "
                "features of each map for itself, with constants from fitted(maps, "
                "mask), since maps are read in pieces"
            )
    return whole.shape[1]
