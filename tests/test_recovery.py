"""The simulation with a known wavelet, and the ways to find it again."""

import numpy as np
import pandas as pd
import pytest
import pywt
from sklearn.linear_model import LinearRegression

from awd import wavelet
from awd.errors import ShapeError
from awd.recovery import cases, study
from awd.recovery.cases import Case
from awd.recovery.study import Matching

DB5 = wavelet.from_pywt("db5")


def rng():
    return np.random.default_rng(0)


@pytest.mark.filterwarnings("ignore:Level value")
def test_the_response_is_linear_in_the_middle_of_one_band():
    x, y = study.simulate(Case(samples=500, window=2), rng())
    band = pywt.wavedec(x.astype(float), "db5", "zero", 4)[2]
    middle = band.shape[1] // 2
    expected = 2 * band[:, middle - 2 : middle + 3].sum(1)
    np.testing.assert_allclose(y, expected, atol=1e-4)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_inputs_have_the_correlation_and_the_response_the_noise(correlation):
    case = Case(samples=4000, correlation=correlation)
    x, clean = study.simulate(case, rng())
    assert x.std() == pytest.approx(1, abs=0.02)
    neighbours = np.corrcoef(x[:, 30], x[:, 31])[0, 1]
    assert neighbours == pytest.approx(correlation, abs=0.05)
    noisy = study.simulate(Case(samples=4000, correlation=correlation, noise=2), rng())
    assert (noisy[1] - clean).std() == pytest.approx(2 * clean.std(), rel=0.05)


def test_random_truths_are_wavelets_of_ten_taps_and_differ():
    filters = [Case(truth=f"random{k}").filter for k in range(5)]
    for h in filters:
        assert max(wavelet.conditions(h).values()) < 1e-12
    assert min(wavelet.distance(a, filters[0]) for a in filters[1:]) > 0.1


def test_cases_have_names_of_their_own():
    harder = {"noise": [0.5, 1.0], "teacher": ["lstm"]}
    every = cases.cases(random=3, seeds=[0, 1], samples=100, harder=harder)
    names = [case.name for case in every]
    assert len(set(names)) == len(names) == 2 + 3 + 2 * 3
    assert {"db5-seed1", "random2-seed0", "db5-noise0.5-seed0"} <= set(names)
    assert every[-1].harder == "teacher"


def test_a_window_wider_than_the_band_is_refused():
    with pytest.raises(ShapeError, match="window is 9; the band has 15"):
        study.simulate(Case(samples=10, window=9), rng())


@pytest.mark.filterwarnings("ignore:Level value")
def test_matching_is_least_squares_on_the_coefficients_it_chooses():
    x, y = study.simulate(Case(samples=600), rng())
    term = Matching(x[:, None].astype(float), y, 4)
    assert term.values(DB5[None])[0] < 1e-6
    h = wavelet.from_pywt("sym5")
    error, chosen, *_ = term._fit(h)
    table = np.hstack(pywt.wavedec(x.astype(float), "sym5", "zero", 4))[:, chosen]
    fit = LinearRegression().fit(table, y)
    assert error == pytest.approx(1 - fit.score(table, y), abs=1e-9)
    assert len(set(chosen)) == 3


def test_the_slope_of_matching_equals_finite_differences():
    x, y = study.simulate(Case(samples=300), rng())
    term = Matching(x[:, None].astype(float), y, 4)
    h = wavelet.from_pywt("db5") + 0.01 * rng().normal(size=10)
    step = 1e-7 * np.eye(10)
    slope = (term.values(h + step) - term.values(h - step)) / 2e-7
    value, gradient = term.value_and_gradient(h)
    assert value == term.values(h[None])[0]
    np.testing.assert_allclose(gradient, slope, atol=1e-5)


def test_the_distance_of_functions_is_the_references():
    """A plain loop over all circular shifts, as the authors' code has it."""
    sym5 = wavelet.from_pywt("sym5")
    found, truth = (pywt.Wavelet(name).wavefun(level=5)[1] for name in ("sym5", "db5"))
    size = max(len(found), len(truth))
    found, truth = (np.pad(w, (0, size - len(w))) for w in (found, truth))
    looped = min(
        np.linalg.norm(np.roll(curve, k) - truth)
        for curve in (found, found[::-1])
        for k in range(size)
    )
    assert cases.wave_distance(sym5, DB5) == pytest.approx(looped, rel=1e-9)
    assert cases.wave_distance(DB5, DB5) < 1e-5


@pytest.mark.slow
def test_the_wavelet_is_found_without_a_start_and_not_from_any():
    case = Case(samples=3000)
    found, timings = study.recover(case, teacher_epochs=30, soft_epochs=5)
    by_way = found.set_index(["objective", "method", "init"])["distance"]
    assert by_way["attribution", "lattice", "none"] < 0.03
    assert by_way["output", "lattice", "none"] < 0.03
    assert by_way["attribution", "lattice", "sym5"] > 0.3
    assert found["teacher_r2"].min() > 0.9
    lattice = found[found["method"] == "lattice"]
    assert lattice["violation"].max() < 1e-12
    assert (timings["seconds"] > 0).all()
    table = cases.table(pd.concat([found]), timings)
    assert list(table["method"][:2]) == ["lattice", "lattice"]
