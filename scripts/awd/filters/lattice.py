"""Orthonormal filters as cascades of plane rotations: angles, filters, derivatives.

A low-pass filter of 2M taps is a cascade of M plane rotations with delays between them
(P. P. Vaidyanathan, P.-Q. Hoang, IEEE Trans. ASSP 36, 1988): any angles give an
orthonormal filter bank, and the angles sum to pi/4 exactly when the filter sums to
sqrt(2). So a search over angles never leaves the set of wavelets.

Compare filters, not angles: adding pi to two angles changes nothing.
"""

from __future__ import annotations

import numpy as np

from awd.arguments import checked
from awd.errors import ShapeError
from awd.samples import real


def filter_from_angles(theta: np.ndarray) -> np.ndarray:
    """Low-pass filters with the given lattice angles.

    Parameters
    ----------
    theta : array of shape (..., M)
        Angles in radians. Any angles give an orthonormal filter; only a sum of pi/4
        gives one that sums to sqrt(2).

    Returns
    -------
    ndarray of shape (..., 2M), float64

    Raises
    ------
    ShapeError
        There is no angle, or one is not finite.

    Examples
    --------
    >>> filter_from_angles(np.array([np.pi / 4]))  # Haar
    array([0.70710678, 0.70710678])
    """
    theta = _angles(theta)
    if theta.shape[-1] == 0:
        raise ShapeError(
            f"angles have shape {theta.shape}; expected (..., M) finite radians, M >= 1"
        )
    from awd.compiled import signals

    rows = np.ascontiguousarray(theta.reshape(-1, theta.shape[-1]))
    taps = np.empty((len(rows), 2 * theta.shape[-1]))
    signals.cascade(np.cos(rows), np.sin(rows), taps)
    return taps.reshape(*theta.shape[:-1], taps.shape[1])


def filter_jacobian(theta: np.ndarray) -> np.ndarray:
    """Derivative of the filter along each angle, exact.

    A rotation's derivative is the rotation by a further quarter turn, and the filter is
    linear in each rotation: ``dh/dtheta_k`` is the filter with ``theta_k + pi/2``.

    Parameters
    ----------
    theta : array of shape (..., M)

    Returns
    -------
    ndarray of shape (..., M, 2M)
        Row k is ``dh/dtheta_k``.
    """
    theta = _angles(theta)
    turned = theta[..., None, :] + np.pi / 2 * np.eye(theta.shape[-1])
    return filter_from_angles(turned)


def complete_angles(free: np.ndarray) -> np.ndarray:
    """Put one angle before ``free`` that makes the sum pi/4: (..., M-1) -> (..., M).

    Wavelets of 2M taps are all values of M - 1 free angles, each of period pi.
    """
    free = _angles(free)
    first = np.pi / 4 - free.sum(-1, keepdims=True)
    return np.concatenate([first, free], axis=-1)


def free_jacobian(free: np.ndarray) -> np.ndarray:
    """Derivative of the filter along the free angles: (..., M-1) -> (..., M-1, 2M)."""
    jacobian = filter_jacobian(complete_angles(free))
    return jacobian[..., 1:, :] - jacobian[..., :1, :]


def _angles(values: np.ndarray) -> np.ndarray:
    """Finite angles along an axis, float64; of Haar there is no free one."""
    angles = real(values, "angles").astype(float, copy=False)
    if angles.ndim == 0 or not np.isfinite(angles).all():
        raise ShapeError(
            f"angles have shape {angles.shape} or hold NaN or infinity; expected "
            "(..., M) finite radians"
        )
    return angles


@checked(h="taps")
def peel(h: np.ndarray) -> np.ndarray:
    """Undo the rotations of the cascade, last one first: (2M,) -> (M,).

    Each is read from the end of the filter where the taps are larger: one end of a long
    named wavelet is of the size of rounding errors.

    Raises
    ------
    ShapeError
        An odd number of taps.
    """
    if len(h) % 2:
        raise ShapeError(f"peel: h has {len(h)} taps; expected an even number of them")
    even, odd = h[::2], h[1::2]
    theta = np.empty(len(even))
    for k in range(len(even) - 1, 0, -1):
        if np.hypot(even[0], odd[0]) >= np.hypot(even[-1], odd[-1]):
            theta[k] = np.arctan2(odd[0], even[0])
        else:
            theta[k] = np.arctan2(-even[-1], odd[-1])
        c, s = np.cos(theta[k]), np.sin(theta[k])
        even, odd = (c * even + s * odd)[:-1], (c * odd - s * even)[1:]
    theta[0] = np.arctan2(odd[0], even[0])
    return theta


@checked(free="free*", h="taps")
def fit(free: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Free angles whose filter is nearest to ``h``, from ``free``: (M - 1,).

    Levenberg-Marquardt: the nearest local minimum of the squared distance of the taps.
    Where the filter of ``free`` is ``h``, there is nothing to do.

    Raises
    ------
    ShapeError
        ``h`` has other than twice as many taps as there are angles.
    """
    if len(h) != 2 * len(free) + 2:
        raise ShapeError(
            f"fit: h has {len(h)} taps and free {len(free)} angles; expected "
            f"{2 * len(free) + 2} taps"
        )
    damping = 1e-8
    residual = h - filter_from_angles(complete_angles(free))
    for _ in range(100):
        if np.abs(residual).max(initial=0) < 1e-11 or damping > 1e8:
            break
        jacobian = free_jacobian(free)
        normal = jacobian @ jacobian.T + damping * np.eye(len(free))
        trial = free + np.linalg.solve(normal, jacobian @ residual)
        after = h - filter_from_angles(complete_angles(trial))
        if after @ after < residual @ residual:
            free, residual, damping = trial, after, damping / 10
        else:
            damping *= 10
    return free
