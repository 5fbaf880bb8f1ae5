"""AdaptiveWavelet: scikit-learn's own checks, and what it is for."""

import numpy as np
import pytest
import pywt
import torch
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

import awd
from awd import distil, export
from awd.errors import ConfigError, DataError, ShapeError
from awd.teacher import ask

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 32)).cumsum(1)
IMAGES = RNG.normal(size=(24, 2, 16, 12)).cumsum(-1).cumsum(-2)


def network(inputs):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.Flatten(), nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, 2)
        return nn.Sequential(*layers).double()


NET = network(32)
pytestmark = pytest.mark.filterwarnings("ignore:fidelity_ is")


@pytest.mark.filterwarnings("ignore:levels is 4, but")
@parametrize_with_checks([awd.AdaptiveWavelet(length=4)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_a_network_a_function_and_what_it_said_give_the_same_wavelet():
    net = awd.AdaptiveWavelet(length=4).fit(X, teacher=NET, target=1)

    def function(x):
        both = [ask.output(NET, x, k) for k in (0, 1)]
        return np.stack(both, 1), ask.saliency(NET, x, 1)

    asked = awd.AdaptiveWavelet(length=4).fit(X, teacher=function, target=1)
    outputs = ask.output(NET, X, 1)
    known = awd.AdaptiveWavelet(length=4).fit(X, output=outputs)
    direct = distil.distil(X - X.mean(), output=outputs, length=4)
    for taps in (asked.filter_, known.filter_, direct.filter):
        np.testing.assert_array_equal(taps, net.filter_)
    assert net.fidelity_ == asked.fidelity_ == known.fidelity_ < direct.fidelity
    assert net.fidelity_interval_[0] < net.fidelity_ < net.fidelity_interval_[1]
    assert max(net.conditions_.values()) < 1e-12


def test_attributions_are_asked_for_when_needed():
    w = awd.AdaptiveWavelet(length=4, objective="attribution").fit(X, teacher=NET)
    gradient, outputs = ask.saliency(NET, X), ask.output(NET, X)
    cached = awd.AdaptiveWavelet(length=4, objective="attribution").fit(
        X, gradient=gradient, output=outputs
    )
    np.testing.assert_array_equal(w.filter_, cached.filter_)
    assert w.result_.objective == "attribution"


def test_without_a_teacher_the_wavelet_is_sparse():
    w = awd.AdaptiveWavelet(length=4).fit(X, y=RNG.normal(size=150))
    expected = distil.distil(X - X.mean(), objective="sparsity", length=4)
    np.testing.assert_array_equal(w.filter_, expected.filter)


@pytest.mark.filterwarnings("ignore:Level value")
def test_transform_is_that_of_pywt_and_is_undone():
    w = awd.AdaptiveWavelet(levels=3, length=6).fit(X)
    bands = pywt.wavedec(X, w.to_pywt(), "zero", 3)
    np.testing.assert_allclose(w.transform(X), np.hstack(bands), atol=1e-10)
    np.testing.assert_allclose(w.inverse_transform(w.transform(X)), X, atol=1e-10)
    names = w.get_feature_names_out()
    assert len(names) == w.transform(X).shape[1]
    assert (names[0], names[-1]) == ("approx_0", f"detail1_{bands[-1].shape[1] - 1}")


@pytest.mark.filterwarnings("ignore:Level value")
@pytest.mark.parametrize("shape", [(16, 12), (2, 16, 12)])
def test_images_are_transformed_and_restored(shape):
    images = IMAGES[:, : np.prod(shape[:-2], dtype=int)].reshape(24, *shape)
    flat = images.reshape(24, -1)
    net = network(flat.shape[1])
    w = awd.AdaptiveWavelet(levels=2, length=4, shape=shape, dims=2, folds=0)
    w.fit(flat, teacher=net)
    assert np.isnan(w.fidelity_)
    assert max(w.conditions_.values()) < 1e-12
    found = w.transform(flat)
    first = images[:, 0] if len(shape) == 3 else images
    approx = pywt.wavedec2(first, w.to_pywt(), "zero", 2)[0].reshape(24, -1)
    np.testing.assert_allclose(found[:, : approx.shape[1]], approx, atol=1e-10)
    np.testing.assert_allclose(w.inverse_transform(found), flat, atol=1e-10)
    assert len(w.get_feature_names_out()) == found.shape[1]


def test_it_works_in_a_pipeline_and_a_grid_search():
    y = X.max(1)
    pipeline = make_pipeline(awd.AdaptiveWavelet(length=4), Ridge())
    outputs = ask.output(NET, X)
    search = GridSearchCV(pipeline, {"adaptivewavelet__levels": [2, 3]}, cv=3)
    search.fit(X, y, adaptivewavelet__output=outputs)
    assert search.best_score_ > 0.5
    assert search.best_estimator_[0].fidelity_ <= 1


def test_levels_are_capped_with_a_warning():
    with pytest.warns(UserWarning, match="levels is 9, .* halved 5 times; 5 are used"):
        w = awd.AdaptiveWavelet(levels=9, length=4).fit(X)
    assert w.levels_ == 5


def test_what_is_saved_is_read_back_as_a_wavelet(tmp_path):
    w = awd.AdaptiveWavelet(length=6).fit(X, teacher=NET)
    w.save(tmp_path / "wavelet.json")
    found = export.verify(tmp_path / "wavelet.json")
    np.testing.assert_array_equal(found.rec_lo, w.filter_)


@pytest.mark.parametrize(
    ("build", "fit", "error", "message"),
    [
        ({}, {"X": X[:1]}, ValueError, r"1 sample\(s\)"),
        ({}, {"X": X[:, :1]}, ValueError, r"1 feature\(s\)"),
        ({}, {"X": X * np.nan}, ValueError, "X is not finite"),
        ({}, {"X": np.ones((9, 32))}, DataError, "constant in every sample"),
        ({}, {"X": X, "output": np.ones(9)}, ShapeError, r"output: \(9,\) for"),
        (
            {},
            {"X": X, "gradient": X[:, :5]},
            ShapeError,
            "gradients has shape",
        ),
        ({}, {"X": X, "teacher": NET, "output": X[:, 0]}, ConfigError, "not both"),
        (
            {"shape": (5, 5)},
            {"X": X},
            ShapeError,
            "expected samples of shape",
        ),
        ({"shape": (1, 1, 1, 32)}, {"X": X}, ConfigError, "shape is"),
        ({"length": 5}, {"X": X}, ShapeError, "length is 5"),
        ({"levels": "many"}, {"X": X}, ConfigError, "levels is 'many'"),
        ({"shape": "32"}, {"X": X}, ConfigError, "shape is '32'"),
        ({"objective": "outputs"}, {"X": X}, ConfigError, "objective is 'outputs'"),
        ({"objective": "attribution"}, {"X": X}, DataError, "needs gradient"),
        ({}, {"X": X, "teacher": 3}, ConfigError, "the network is 3, a int"),
        ({}, {"X": X, "teacher": "net"}, ConfigError, "no network is known behind"),
        (
            {},
            {"X": X, "teacher": lambda x: (x, None), "target": 32},
            ShapeError,
            "target 32 does not exist",
        ),
    ],
)
def test_bad_input_is_refused(build, fit, error, message):
    with pytest.raises(error, match=message):
        awd.AdaptiveWavelet(**build).fit(**fit)


def test_coefficients_of_another_wavelet_are_refused():
    w = awd.AdaptiveWavelet(length=4).fit(X)
    with pytest.raises(ShapeError, match=r"\(150, 32\); expected \(n, "):
        w.inverse_transform(X)
