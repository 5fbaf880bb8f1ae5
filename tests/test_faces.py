"""Every public function of the library takes what means the same, and refuses the rest.

Each is called with one argument changed: to another form of the same value (a list, a
big-endian or read-only array, numpy's integers, a tensor), after which the result must
be the same; or to what cannot be meant, which only an ``AwdError`` may answer.
"""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

import awd
from awd import attribution, export, features, transform, wavelet
from awd.errors import AwdError
from awd.filters import families, kernels, undecimated
from awd.search import soft

DRAWN = np.random.default_rng(0)
X = DRAWN.normal(size=(24, 16)).cumsum(1)
IMAGES = DRAWN.normal(size=(12, 8, 8)).cumsum(2)
Y = X.max(1)
CLASSES = (np.median(Y) < Y).astype(int)
GROUPS = np.arange(24) // 3
DB2 = wavelet.from_pywt("db2")
ANGLES = np.array([np.pi / 4 - 0.3, 0.3])


def told(x):
    """A network: outputs and gradients."""
    x = np.asarray(x)
    return (x**2).sum(-1), 2 * x


STUDENT = features.Student(features.Largest(2), "ridge").fit(X, Y, DB2, 2)
QUICK = {"levels": 2, "length": 4, "folds": 0}


def regressor(x, y, groups, outputs, gradients, target, teacher=None, **options):
    made = awd.AdaptiveWaveletRegressor(**(QUICK | options))
    made.fit(
        *(x, y),
        teacher=teacher,
        groups=groups,
        outputs=outputs,
        gradients=gradients,
        target=target,
    )
    return made.predict(X)


def classifier(x, y, groups, outputs, **options):
    made = awd.AdaptiveWaveletClassifier(**(QUICK | options))
    return made.fit(x, y, groups=groups, outputs=outputs).predict_proba(X)


def transformer(x, output, gradient, groups, **options):
    made = awd.AdaptiveWavelet(**(QUICK | options))
    made.fit(x, output=output, gradient=gradient, groups=groups)
    return made.transform(X)


def blind(fold, outputs):
    made = awd.AdaptiveWaveletRegressor(**QUICK)
    made.fit(X, Y, outputs=Y, held_out=(fold, outputs))
    return made.predict(X)


REGRESSOR = awd.AdaptiveWaveletRegressor(**QUICK).fit(X, Y)
CLASSIFIER = awd.AdaptiveWaveletClassifier(**QUICK).fit(X, CLASSES)
TRANSFORMER = awd.AdaptiveWavelet(**QUICK).fit(X)
MODEL = REGRESSOR.to_model()
COMMON = {
    "x": ("samples", X),
    "groups": ("groups", GROUPS),
    "levels": ("levels", 2),
    "length": ("taps", 4),
    "folds": ("folds", 2),
    "objective": ("name", "output"),
    "random_state": ("seed", 1),
    "dims": ("dims", 1),
}
FITTED = COMMON | {
    "outputs": ("values", Y),
    "fit_to": ("name", "mixed"),
    "features": ("name", "largest"),
    "head": ("name", "ridge"),
}
BANK = {"x": ("array", X), "h": ("filter", DB2), "levels": ("count", 2)}
NETWORK = {"model": ("network", told), "x": ("samples", X), "target": ("column", 0)}
READ = {**BANK, "x": ("samples", X), "dims": ("dims", 1)}

FACES = {
    "regressor": (
        regressor,
        FITTED
        | {"y": ("values", Y), "gradients": ("optional", X), "target": ("column", 0)},
    ),
    "classifier": (classifier, FITTED | {"y": ("labels", CLASSES)}),
    "transformer": (
        transformer,
        COMMON
        | {"output": ("values", Y), "gradient": ("optional", X)}
        | {"ratio": ("weight", 1.0), "moments": ("count", 1), "largest": ("count", 6)},
    ),
    "held_out": (blind, {"fold": ("folding", GROUPS % 2), "outputs": ("pair", [Y, Y])}),
    "regressor.predict": (REGRESSOR.predict, {"X": ("samples", X)}),
    "regressor.explain": (REGRESSOR.explain, {"X": ("samples", X)}),
    "classifier.predict_proba": (CLASSIFIER.predict_proba, {"X": ("samples", X)}),
    "classifier.predict": (CLASSIFIER.predict, {"X": ("samples", X)}),
    "transformer.transform": (TRANSFORMER.transform, {"X": ("samples", X)}),
    "transformer.inverse_transform": (
        TRANSFORMER.inverse_transform,
        {"X": ("samples", TRANSFORMER.transform(X))},
    ),
    "model.predict": (MODEL.predict, {"x": ("samples", X)}),
    "model.outside": (MODEL.outside, {"x": ("samples", X)}),
    "model.explain": (lambda x: MODEL.explain(x).added, {"x": ("samples", X)}),
    "model.card": (MODEL.card, {"form": ("name", "markdown")}),
    "student.fit": (
        lambda **rest: (
            features.Student(features.Largest(2), "ridge").fit(**rest).predict(X)
        ),
        {**READ, "y": ("values", Y)},
    ),
    "student.predict": (STUDENT.predict, {"x": ("samples", X)}),
    "student.score": (STUDENT.score, {"x": ("samples", X), "y": ("values", Y)}),
    "largest": (
        lambda m, smallest, start, **rest: features.Largest(
            m, smallest, start=start
        ).features(**rest),
        READ | {"m": ("many", 2), "smallest": ("many", 2), "start": ("many", 2)},
    ),
    "contributions": (
        lambda x, background: features.contributions(STUDENT, x, background),
        {"x": ("samples", X), "background": ("optional", X)},
    ),
    "recipe": (features.recipe, {"name": ("name", "largest")}),
    "distil": (
        lambda **rest: awd.distil.distil(**rest).filter,
        {key: value for key, value in COMMON.items()}
        | {"output": ("values", Y), "gradient": ("optional", X)}
        | {"ratio": ("weight", 1.0), "moments": ("count", 1), "draws": ("many", 0)}
        | {"mode": ("name", "zero")},
    ),
    "attribution.output": (attribution.output, NETWORK | {"batch": ("count", 7)}),
    "attribution.saliency": (attribution.saliency, NETWORK | {"batch": ("count", 7)}),
    "integrated_gradients": (
        lambda **rest: attribution.integrated_gradients(**rest).of_samples(),
        NETWORK | {"baseline": ("baseline", 0.5), "steps": ("count", 4)},
    ),
    "expected_gradients": (
        lambda **rest: attribution.expected_gradients(**rest).of_samples(),
        NETWORK
        | {"baselines": ("samples", X), "draws": ("count", 2)}
        | {"random_state": ("seed", 1)},
    ),
    "smooth_grad": (
        lambda **rest: attribution.smooth_grad(**rest).of_samples(),
        NETWORK
        | {"sd": ("positive", 0.5), "draws": ("count", 2)}
        | {"random_state": ("seed", 1)},
    ),
    "attribute": (
        lambda **rest: attribution.attribute(**rest).of_samples(),
        NETWORK | {"method": ("name", "input_x_gradient")},
    ),
    "kernels.analysis": (
        kernels.analysis,
        BANK | {"mode": ("name", "zero"), "dims": ("axes", 1)},
    ),
    "kernels.pack": (kernels.pack, BANK | {"mode": ("name", "zero")}),
    "kernels.pick": (
        kernels.pick,
        BANK | {"largest": ("many", 2), "smallest": ("many", 1)},
    ),
    "kernels.l1": (
        lambda h, **rest: kernels.l1(filters=[h], **rest),
        BANK | {"threads": ("count", 2)},
    ),
    "kernels.l1_gradient": (kernels.l1_gradient, BANK | {"threads": ("count", 2)}),
    "kernels.synthesis": (
        kernels.synthesis,
        {"h": ("filter", DB2), "shape": ("count", 16), "mode": ("name", "zero")}
        | {"coeffs": ("bands", kernels.analysis(X, DB2, 2))},
    ),
    "transform.analysis": (
        transform.analysis,
        {
            "x": ("tensor", torch.tensor(X)),
            "h": ("taps tensor", torch.tensor(DB2)),
            "levels": ("count", 2),
            "mode": ("name", "zero"),
            "dims": ("axes", 1),
        },
    ),
    "transform.synthesis": (
        transform.synthesis,
        {
            "coeffs": (
                "bands",
                transform.analysis(torch.tensor(X), torch.tensor(DB2), 2),
            ),
            "h": ("taps tensor", torch.tensor(DB2)),
            "shape": ("count", 16),
            "mode": ("name", "zero"),
        },
    ),
    "undecimated.analysis": (undecimated.analysis, BANK),
    "undecimated.Quantiles": (
        lambda shares, bands, **rest: undecimated.Quantiles(shares, bands).features(
            **rest
        ),
        READ | {"shares": ("shares", (0.2, 0.8)), "bands": ("names", ("hh",))},
    ),
    "undecimated.BandNorms": (
        lambda bands, **rest: undecimated.BandNorms(bands).features(**rest),
        READ | {"bands": ("names", ("hh",))},
    ),
    "undecimated.Histogram": (
        lambda bins, bands, **rest: (
            undecimated.Histogram(bins, bands).fitted(**rest).features(**rest)
        ),
        READ | {"bins": ("bins", 4), "bands": ("names", ("hh",))},
    ),
    "families.Lattice": (
        lambda taps, moments: families.Lattice(taps, moments).bounds,
        {"taps": ("taps", 4), "moments": ("count", 1)},
    ),
    "families.Lattice.filters": (
        families.Lattice(4).filters,
        {"parameters": ("angles", ANGLES[1:])},
    ),
    "families.Lattice.parameters": (
        families.Lattice(4).parameters,
        {"h": ("filter", DB2)},
    ),
    "families.SYMMETRIC.filters": (
        families.SYMMETRIC.filters,
        {"parameters": ("angles", np.array([0.02]))},
    ),
    "families.SYMMETRIC.parameters": (
        families.SYMMETRIC.parameters,
        {"h": ("odd filter", families.SYMMETRIC.filters(np.array([0.02])))},
    ),
    "wavelet.from_pywt": (wavelet.from_pywt, {"name": ("name", "db2")}),
    "wavelet.filter_from_angles": (
        wavelet.filter_from_angles,
        {"theta": ("angles", ANGLES)},
    ),
    "wavelet.filter_jacobian": (wavelet.filter_jacobian, {"theta": ("angles", ANGLES)}),
    "wavelet.complete_angles": (
        wavelet.complete_angles,
        {"free": ("free", ANGLES[1:])},
    ),
    "wavelet.free_jacobian": (wavelet.free_jacobian, {"free": ("free", ANGLES[1:])}),
    **{
        f"wavelet.{function.__name__}": (function, {"h": ("filter", DB2)})
        for function in (
            *(wavelet.angles, wavelet.conditions),
            *(wavelet.vanishing_moments, wavelet.without_dust),
            *(wavelet.filter_bank, wavelet.effective_length),
        )
    },
    "wavelet.highpass": (wavelet.highpass, {"h": ("taps array", DB2)}),
    "wavelet.project": (
        wavelet.project,
        {"h": ("filter", DB2), "tolerance": ("positive", 0.3)},
    ),
    "wavelet.centre_frequency": (
        wavelet.centre_frequency,
        {"h": ("filter", DB2), "level": ("count", 2)},
    ),
    "wavelet.distance": (
        wavelet.distance,
        {"h": ("filter", DB2), "to": ("filter", DB2)},
    ),
    "wavelet.to_pywt": (
        lambda h, tolerance: wavelet.to_pywt(h, tolerance=tolerance).rec_lo,
        {"h": ("filter", DB2), "tolerance": ("positive", 1e-8)},
    ),
    "export.wavelet_record": (
        export.wavelet_record,
        {"h": ("filter", DB2), "tolerance": ("positive", 1e-8)},
    ),
    "soft.distil_soft": (
        lambda **rest: soft.distil_soft(**rest).filter,
        {
            "x": ("samples", X),
            "gradient": ("samples", X),
            "levels": ("count", 2),
            "sparsity": ("weights", (0.01,)),
            "attribution": ("weights", (0.1,)),
            "init": ("name", "db2"),
            "epochs": ("count", 1),
            "batch": ("count", 8),
            "learning_rate": ("positive", 1e-3),
            "seeds": ("seeds", (1,)),
            "dims": ("dims", 1),
        },
    ),
}

NOT_NUMBERS = [None, "text", {"a": 1}, object(), b"x", pd.Timestamp(0), [[1], [1, 2]]]
NOT_WHOLE = ["text", 2.5, np.nan, np.inf, "2", [], [[2]], {}, object(), 1j, b"2", True]
NOT_WHOLE += [-(10**9), 10**30, np.array([])]
ARRAYS = {"samples", "optional", "array", "values", "filter", "odd filter"}
ARRAYS |= {"angles", "free", "folding", "taps array"}
COUNTS = {"count", "many", "bins", "levels", "taps", "folds", "dims", "axes", "column"}


def no_array(value):
    """What is no array of such numbers, whatever it is an argument of."""
    masked = np.ma.masked_array(value, np.zeros(value.shape, bool))
    masked[..., 0] = np.ma.masked
    return [
        *(form for form in NOT_NUMBERS if form is not None),
        *(masked, value + 1j, value.astype("datetime64[s]")),
        *(np.full(value.shape, "a"), np.full(value.shape, None), np.array(1.0)),
    ]


def not_finite(value):
    holed, endless = value.astype(float), value.astype(float)
    holed.flat[-1], endless.flat[0] = np.nan, np.inf
    return [holed, endless]


def bad_array(kind, value):
    """What an array cannot be in place of a value."""
    found = no_array(value)
    found += [None] * (kind != "optional")
    found += not_finite(value) * (kind != "taps array")
    if kind != "free":
        found.append(np.empty((0, *value.shape[1:])))
    if kind in ("samples", "optional", "array"):
        more = value[..., None, None, None], value[:, :0], sparse.csr_matrix(value)
        return [*found, *more]
    if kind in ("values", "folding"):
        found += [value[:-1], np.stack([value] * 2), value[:, None, None]]
        return found + [value + 7, value + 0.5] * (kind == "folding")
    if "filter" in kind:
        return [*found, value[:-1], [value, value], value[:, None]]
    return found


BAD = {
    "labels": ["text", np.full(24, np.nan), object(), CLASSES + 0.3, CLASSES[:-1]],
    "pair": [[Y], [Y[:3]] * 2, [], None, "ab", 3, [None, None], [Y * np.nan] * 2],
    "groups": [
        *(np.where(np.arange(24) == 2, np.nan, 1), np.array([None, *"abc" * 8][:24])),
        *(GROUPS[:-1], GROUPS[:, None], "text", 3, {1: 2}, object(), [[1], [1, 2]]),
        *(np.array([1, "a"] * 12, object), np.full(24, np.datetime64("NaT"))),
    ],
    "tensor": [*NOT_NUMBERS, torch.ones(24, 16).int(), torch.ones(24, 16) + 1j, X],
    "taps tensor": [*NOT_NUMBERS, torch.ones(3), torch.ones(4) + 1j, DB2],
    "bands": [[], None, "text", 3, [X], [None] * 3, [X, 1, 2], [[X], [X], [X]]],
    "count": [None, *NOT_WHOLE, 0, -1],
    "many": [None, *NOT_WHOLE, -1],
    "bins": [None, *NOT_WHOLE, 0, -1, 1],
    "levels": [None, *NOT_WHOLE[:-2], 0, [0], [2, -1], [2.5], "23", [None]],
    "taps": [None, *NOT_WHOLE, 0, -1, 3, [3], [4, "a"], [None]],
    "folds": [None, *NOT_WHOLE, -1, 1],
    "seed": [None, "text", 2.5, np.nan, -1, [], {}, object(), [[1.5]]],
    "dims": [*NOT_WHOLE, 0, -1, 3, 2],
    "axes": [None, *NOT_WHOLE, 0, -1, 3],
    "column": [None, *NOT_WHOLE[:-1], 7, [0], np.zeros(3, int)],
    "name": ["unknown", "", 3, b"zero", ["zero"], object(), {"a": 1}, "no:thing"],
    "names": [None, (), ("unknown",), 3, [None], [["hh"]], object()],
    "weight": [None, "text", -1, np.nan, [], {}, object(), [1, -1], [[None]]],
    "weights": [None, "text", [-1], [np.nan], [], object(), ["a"], [np.inf]],
    "shares": [None, "text", [-1], [np.nan], [], object(), ["a"], [2.0]],
    "positive": [None, "text", -1, np.nan, [], {}, object(), 1j, "1"],
    "seeds": [None, "text", [], [-1], [1.5], ["a"], object(), [None]],
    "network": [None, "text", 3, object(), {}, [], lambda x: None, lambda x: "a", int],
    "baseline": [None, "text", np.nan, np.inf, [[1], [1, 2]], object(), X[0, :3], 1j],
}


def forms(kind, value):
    """Other forms of the same value."""
    if kind in ARRAYS:
        fixed, wide = value.copy(), np.repeat(value, 2, axis=-1)[..., ::2]
        fixed.flags.writeable = False
        swapped = value.astype(value.dtype.newbyteorder(">"))
        found = [
            value.tolist(),
            list(value),
            torch.tensor(value),
            np.asfortranarray(value),
        ]
        frame = pd.Series if value.ndim == 1 else pd.DataFrame
        return [*found, fixed, wide, swapped, frame(value)]
    if kind in ("groups", "labels"):
        named = value.astype(str) if kind == "groups" else value.astype(np.int8)
        return [value.tolist(), named, pd.Series(value), value.astype(">i8")]
    if kind in COUNTS or kind == "seed":
        return [np.int64(value), np.uint8(value), np.int32(value)]
    if kind in ("weight", "positive", "baseline"):
        return [np.float64(value), np.float32(value)]
    if kind in ("weights", "shares", "seeds", "names"):
        return [list(value), np.array(value)]
    if kind == "pair":
        return [tuple(value), np.stack(value)]
    if kind == "bands":
        return [tuple(value)]
    return [np.str_(value)] if kind == "name" else []


def flat(result):
    """All numbers of a result."""
    if isinstance(result, str):
        return np.array([])
    if isinstance(result, dict):
        return np.concatenate(
            [flat(v) for v in result.values() if not isinstance(v, str)] or [[]]
        )
    if isinstance(result, list | tuple):
        return np.concatenate([flat(part) for part in result] or [[]])
    if isinstance(result, pd.DataFrame):
        return result.select_dtypes("number").to_numpy(float).ravel()
    if isinstance(result, torch.Tensor):
        return result.numpy().ravel().astype(float)
    if isinstance(result, np.ndarray | float | int | np.generic):
        return np.asarray(result, float).ravel()
    return np.array([])


COSTLY = {"regressor", "classifier", "transformer", "soft.distil_soft"}
TRIED = {key: 3 if key in COSTLY else 1 for key in FACES}  # every so-manyth form


def bad(kind, value):
    return BAD[kind] if kind in BAD else bad_array(kind, value)


def shown(form):
    return f"{type(form).__name__} {getattr(form, 'dtype', '')} {str(form)[:60]}"


def refusal(call, arguments):
    """The message of the error that a call raises; none if it goes through."""
    try:
        call(**arguments)
    except AwdError as error:
        return str(error)
    return ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FACES)
def test_what_means_the_same_gives_the_same(name):
    call, arguments = FACES[name]
    usual = {key: value for key, (_, value) in arguments.items()}
    expected = flat(call(**usual))
    scale = np.abs(expected).max(initial=1e-300)
    for key, (kind, value) in arguments.items():
        for form in forms(kind, value)[:: TRIED[name]]:
            if (name, key) == ("distil", "gradient") and isinstance(form, list):
                continue  # a list holds the gradients of several targets
            found = flat(call(**usual | {key: form}))
            where = f"{name}, {key} as {shown(form)}"
            np.testing.assert_allclose(
                found, expected, rtol=1e-5, atol=1e-6 * scale, err_msg=where
            )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FACES)
def test_what_cannot_be_meant_is_refused(name):
    call, arguments = FACES[name]
    usual = {key: value for key, (_, value) in arguments.items()}
    for key, (kind, value) in arguments.items():
        for form in bad(kind, value):
            said = refusal(call, usual | {key: form})
            assert 20 < len(said) <= 500, f"{name}, {key} is {shown(form)}: {said!r}"


KINDS = ["<f8", ">f4", "f2", "i1", "<u8", "?", "c16", "S3", "U2", "O"]
ANY_ARRAY = st.sampled_from(KINDS).flatmap(
    lambda dtype: arrays.arrays(
        np.dtype(dtype),
        arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=9),
        elements=st.none() if dtype == "O" else None,
    )
)
READERS = [
    name
    for name, (_, arguments) in FACES.items()
    if name not in COSTLY | {"distil"}
    and any(kind in ("samples", "array") for kind, _ in arguments.values())
]


@pytest.mark.filterwarnings("ignore")
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@drawn(st.sampled_from(READERS), ANY_ARRAY)
def test_no_array_of_any_kind_and_shape_is_misread(name, x):
    call, arguments = FACES[name]
    usual = {key: value for key, (_, value) in arguments.items()}
    key = next(k for k, (kind, _) in arguments.items() if kind in ("samples", "array"))
    try:
        found = flat(call(**usual | {key: x}))
    except AwdError:
        return
    assert x.dtype.kind in "fiub"
    assert np.isfinite(found).all() or not np.isfinite(x).all() or abs(x).max() > 1e30
