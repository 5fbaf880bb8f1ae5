"""Where another channel is read: which map of places is applied, and what was measured.

How channels stand to each other is measured in :mod:`awd.cells.registration`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from awd.cells import registration
from awd.cells.registration import Alignment, moved, shifted
from awd.errors import ConfigError
from awd.log import log

ASKED = ("none", "auto", "affine")
STILL = shifted(0.0, 0.0)
AFFINE = "affine map"

Asked = str | Sequence[float]


class Applied(NamedTuple):
    """The matrix (2, 3) that takes places of the master to a channel, and how known."""

    matrix: np.ndarray
    by: str


def require_known(asked: Asked) -> None:
    """Refuse what is no way to align channels."""
    if isinstance(asked, str) and asked not in ASKED:
        raise ConfigError(
            f"shift is {asked!r}; expected auto, affine, none or [dy, dx] in px"
        )


def applied(
    asked: Asked, measured: Alignment, name: str, shape: tuple[int, int]
) -> Applied:
    """What is applied of what was asked for, as far as the spots tell it.

    Parameters
    ----------
    asked : {"none", "auto", "affine"} or pair of float
        A pair is a shift (y, x), px.
    measured : Alignment
    name : str
        Of the channel, for warnings.
    shape : tuple of int
        Of its images.
    """
    if not isinstance(asked, str):
        y, x = asked
        return Applied(shifted(float(y), float(x)), "shift as given")
    if asked == "none":
        return Applied(STILL, "nothing")
    shift, affine = measured
    if asked == "affine" and affine is not None and affine.is_sure(shape):
        return Applied(affine.matrix, AFFINE)
    if shift.pairs:
        lacking = "; too few spots for an affine map" if asked == "affine" else ""
        if lacking:
            log.warning("%s: too few spots for an affine map; shifted only", name)
        return Applied(shifted(shift.y, shift.x), f"shift{lacking}")
    log.warning(
        "%s: too few spots of both channels agree to measure a shift; none is applied",
        name,
    )
    return Applied(STILL, "nothing; too few spots")


def in_middle(matrix: np.ndarray, shape: tuple[int, int]) -> tuple[float, float]:
    """How far, y and x, px, the middle of an image (H, W) is moved."""
    middle = registration.corners(shape).mean(0, keepdims=True)
    y, x = (moved(matrix, middle) - middle)[0]
    return float(y), float(x)


def attributes(
    measured: Alignment, chosen: Sequence[Applied], shape: tuple[int, int]
) -> dict[str, Any]:
    """How the slave stands and was read, as attributes of its tracks.

    ``shift_y_px``, ``shift_x_px``, their error ``shift_se_px``, the ``shift_pairs``
    that agree; ``corner_px``, how far the affine map moves a corner of the image at
    most; ``warp_px``, how much of that the shift alone leaves at most, and its error
    ``warp_se_px``. ``aligned`` says what was applied, ``applied_y_px`` and
    ``applied_x_px`` how far that is in the middle of the image, and ``applied_matrix``
    in six numbers, row by row: a master at (y, x) was read at ``matrix @ (y, x, 1)``;
    so does ``applied_matrix_third`` of a third channel. NaN where spots do not tell.
    """
    shift, affine = measured
    corners, (y, x) = registration.corners(shape), in_middle(chosen[0].matrix, shape)
    found: dict[str, Any] = {
        "shift_y_px": shift.y,
        "shift_x_px": shift.x,
        "shift_se_px": shift.error,
        "shift_pairs": shift.pairs,
        **dict.fromkeys(("warp_px", "warp_se_px", "corner_px"), np.nan),
        "aligned": chosen[0].by,
        "applied_y_px": y,
        "applied_x_px": x,
        "applied_matrix": chosen[0].matrix.ravel(),
    }
    if len(chosen) > 1:
        found["applied_matrix_third"] = chosen[1].matrix.ravel()
    if affine is not None:
        there = moved(affine.matrix, corners)
        beyond = np.hypot(*(there - moved(shifted(shift.y, shift.x), corners)).T)
        far = int(beyond.argmax())
        found["warp_px"] = float(beyond[far])
        found["warp_se_px"] = float(affine.error(corners)[far])
        found["corner_px"] = float(np.hypot(*(there - corners).T).max())
    return found
