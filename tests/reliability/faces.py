"""Right calls of the library's own functions: filters, kernels, families and heads."""

import numpy as np

from awd import heads, transform, wavelet
from awd.features import Largest, Student
from awd.filters import kernels, lattice
from awd.filters.families import GAUSSIAN, Lattice, Smoother, symmetric

H = wavelet.from_pywt("db2")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 32)).cumsum(1)
Y = X.max(1)
COLUMNS = X[:, :6] - X[:, :6].mean(0)
PACKED, _ = kernels.pack(X, H, 2)
FREE = np.array([0.3, -0.2])
BENDS = [True, False] * 3
READ = Largest(3, 2)


def family_filters(bounds):
    """Filters of a family whose range of parameters is given."""
    return Smoother("mine", symmetric, bounds).filters(np.array([0.1]))


def hinges(x: np.ndarray, bends: np.ndarray | None):
    return heads.Hinges(bends).fit(x).transform(x)


def few(x, y, most):
    return heads.FewRidge(most).fit(x, y).predict(x)


def scaled(x, floor):
    return heads.FlooredScaler(floor).fit(x).transform(x)


FACES = {
    "peel": (lattice.peel, {"h": H}),
    "fit_angles": (lattice.fit, {"free": FREE, "h": wavelet.from_pywt("db3")}),
    "effective_length": (wavelet.effective_length, {"h": H, "tolerance": 1e-6}),
    "without_dust": (wavelet.without_dust, {"h": H, "tolerance": 1e-3}),
    "extension": (transform.extension, {"n": 32, "taps": 4, "mode": "zero"}),
    "unpack": (
        kernels.unpack,
        {"packed": PACKED, "shape": [32], "taps": 4, "levels": 2},
    ),
    "pack_gradient": (
        kernels.pack_gradient,
        {"x": X, "h": H, "levels": 2, "weights": PACKED},
    ),
    "family_bounds": (family_filters, {"bounds": np.array([[0.05, 0.3]])}),
    "family_filters": (GAUSSIAN.filters, {"parameters": np.array([1.0])}),
    "family_points": (Lattice(6).points, {"unit": np.full((3, 2), 0.4)}),
    "family_jacobian": (GAUSSIAN.jacobian, {"parameters": np.array([1.0])}),
    "angles_jacobian": (Lattice(6).jacobian, {"parameters": FREE}),
    "settled": (Lattice(6).settled, {"parameters": FREE}),
    "ridge": (heads.ridge, {"x": COLUMNS, "y": Y - Y.mean()}),
    "hinges": (
        hinges,
        {"x": COLUMNS, "bends": BENDS},
    ),
    "few": (few, {"x": COLUMNS, "y": Y, "most": 3}),
    "scaled": (scaled, {"x": COLUMNS, "floor": 0.1}),
    "pick": (READ.pick, {"x": X, "h": H, "levels": 2}),
    "read_bends": (READ.bends, {"sizes": [8, 8]}),
    "student_bends": (Student(READ).bends, {"x": X, "h": H, "levels": 2}),
}
