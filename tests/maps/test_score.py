"""Scores and their tables, from predictions whose errors are chosen."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd.errors import DataError
from awd.maps.infer import score
from awd.maps.infer.predict import HEADS, POSTERIORS

COSMOLOGIES, MAPS = 10, 20  # MAPS of each
TRUTH = np.repeat(np.linspace(0.2, 0.4, COSMOLOGIES), MAPS)
COSMOLOGY = np.repeat([f"c{k}" for k in range(COSMOLOGIES)], MAPS)
EVEN = (np.arange(len(TRUTH)) + 0.5) / len(TRUTH)  # ranks of a right posterior


def inferred(statistic, errors, ranks=EVEN, features=22):
    """Predictions of a statistic: an array of errors for every head."""
    heads = [np.stack([TRUTH + errors[head], 0 * TRUTH], 1) for head in HEADS]
    both = np.stack([ranks, 0 * ranks], 1)  # of the first parameter, and a second
    return xr.Dataset(
        {
            "prediction": (("head", "sample", "name"), heads),
            "target": (("sample", "name"), np.stack([TRUTH, 0 * TRUTH + 9], 1)),
            "rank": (("posterior", "sample", "name"), [both] * len(POSTERIORS)),
            "cosmology": ("sample", COSMOLOGY),
            "group": ("sample", COSMOLOGY),
            "p_value": ("sample", EVEN),
            "row": ("sample", np.arange(len(TRUTH))),
        },
        coords={
            "head": list(HEADS),
            "posterior": list(POSTERIORS),
            "name": ["omega_m", "sigma_8"],
        },
        attrs={"statistic": statistic, "features": features},
    )


def constant(size):
    """Errors of this size, which grows by 1 % from head to head."""
    signs = np.resize([1, -1], len(TRUTH))
    return {head: size * (1 + k / 100) * signs for k, head in enumerate(HEADS)}


def together(size, seed=0):
    """Errors that all maps of a cosmology share."""
    shared = np.random.default_rng(seed).normal(0, size, COSMOLOGIES)
    return dict.fromkeys(HEADS, np.repeat(shared, MAPS))


@pytest.fixture
def two():
    """Statistics whose errors are 0.01 and 0.02, in an order that is not theirs."""
    return [inferred("height", constant(0.02)), inferred("spectrum", constant(0.01))]


def test_rmse_is_that_of_the_first_parameter_by_statistic_and_head(two):
    table = score.score(two, 50, 0).set_index(["method", "head"])
    assert len(table) == 2 * len(HEADS)
    for name, size in (("height", 0.02), ("spectrum", 0.01)):
        for k, head in enumerate(HEADS):
            row = table.loc[name, head]
            assert row["rmse"] == pytest.approx(size * (1 + k / 100))
            # Errors of one size have no spread to resample.
            assert row["low"] == pytest.approx(row["high"]) == row["map_low"]
    assert (table["features"] == 22).all()


def test_maps_of_a_cosmology_that_err_together_are_not_independent():
    table = score.score([inferred("height", together(0.02))], 400, 0)
    over_cosmologies = table["high"] - table["low"]
    over_maps = table["map_high"] - table["map_low"]
    # 20 maps that err as one give an interval as wide as that of one: sqrt 20.
    assert (over_cosmologies / over_maps).to_numpy() == pytest.approx(20**0.5, rel=0.2)
    assert table["rmse"].between(table["map_low"], table["map_high"]).all()


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [(EVEN, (0.68, 0.95)), (0 * EVEN + 0.5, (1, 1)), (0 * EVEN + 0.99, (0, 0))],
    ids=["right", "too wide", "beside the truth"],
)
def test_coverage_is_known_of_heads_with_a_posterior(ranks, expected):
    table = score.score([inferred("height", constant(0.01), ranks)], 50, 0)
    table = table.set_index("head")[["coverage_68", "coverage_95"]]
    assert table.drop(index=list(POSTERIORS)).isna().all(axis=None)
    for head in POSTERIORS:
        assert table.loc[head].tolist() == pytest.approx(expected)


def test_coverage_has_intervals_over_groups_whose_maps_deviate_together():
    """Half of the groups always inside, half never: maps alone would say 5 % error."""
    inside = np.repeat(np.arange(COSMOLOGIES) % 2 == 0, MAPS)
    ranks = np.where(inside, 0.5, 0.999)
    table = score.coverages([inferred("height", constant(0.01), ranks)], 500, 0)
    own = table[(table["head"] == "calibrated") & (table["parameter"] == "omega_m")]
    assert own["nominal"].tolist() == [0.68, 0.95]
    assert own["found"].tolist() == [0.5, 0.5]
    assert (own["low"] <= 0.3).all()
    assert (own["high"] >= 0.7).all()
    text = score.coverage_table(table)
    assert text["statistic"].tolist() == ["peak height"]
    assert text["matter density, 68 %"].iloc[0].startswith("0.50 [0.")


def test_the_share_of_maps_that_fit_is_that_of_p_values_above_a_thousandth():
    dataset = inferred("height", constant(0.01))
    dataset["p_value"][:50] = 1e-4
    row = score.score([dataset], 50, 0).set_index("head").loc["calibrated"]
    assert row["fit"] == 0.75


def test_differences_are_paired_and_negative_where_the_method_is_better():
    shared = together(0.02)
    worse = {head: 1.5 * errors for head, errors in shared.items()}
    names = {"laplace": shared, "height": worse, "spectrum": shared}
    every = [inferred(name, errors) for name, errors in names.items()]
    rows = score.differences(every, 200, 0)
    assert len(rows) == 3 * len(HEADS)
    table = rows.set_index(["head", "method", "reference"])
    rmse = np.sqrt(np.mean(shared["ridge"] ** 2))
    better = table.loc["ridge", "laplace", "height"]
    assert better["rmse_difference"] == pytest.approx(-0.5 * rmse)
    assert better["low"] < better["map_low"] < -0.5 * rmse
    assert -0.5 * rmse < better["map_high"] < better["high"] < 0
    # The same errors in every draw: paired, their difference has no interval.
    equal = table.loc["ridge", "laplace", "spectrum"]
    assert equal.tolist() == [0] * 5


def test_statistics_of_different_maps_are_not_compared(two):
    two[1]["row"] = two[1]["row"] + 1
    for compare in (score.score, score.differences):
        with pytest.raises(DataError, match="spectrum predicts other maps than height"):
            compare(two, 50, 0)


def test_the_table_rounds_to_its_intervals_and_puts_the_best_emulator_first():
    scores = pd.DataFrame(
        {"method": name, "head": head, "features": features, "rmse": rmse}
        | {"low": rmse - 0.0013, "high": rmse + 0.0013}
        | {"coverage_68": 0.681, "coverage_95": 0.949, "fit": 0.998}
        for name, features, rmse in (("height", 22, 0.02), ("resnet", 64, 0.01234))
        for head in HEADS
    )
    table = score.score_table(scores)
    assert table["statistic"].tolist() == ["ResNet teacher", "peak height"]
    assert table["features"].tolist() == ["64", "22"]
    # In units of 0.01 the intervals have a half width of 0.13: two decimals.
    assert table["ridge"].tolist() == ["1.23", "2.00"]
    assert table["emulator [95 %]"].iloc[0] == "1.23 [1.10, 1.36]"
    assert table["coverage"].tolist() == ["0.68 / 0.95"] * 2
    shown = [f"{head} [95 %]" if head in POSTERIORS else head for head in HEADS]
    assert table.columns.tolist() == [
        "statistic",
        "features",
        *shown,
        "coverage",
        "fit",
    ]


def test_chosen_filters_are_shown_with_all_heads_and_what_is_missing():
    rmse = {head: [0.0123, np.nan] for head in HEADS}
    heads = pd.DataFrame({"source": ["a", "b"], "method": ["resnet", "db5"], **rmse})
    table = score.head_table(heads)
    assert table["method"].tolist() == ["ResNet teacher", "db5"]
    assert table["calibrated"].tolist() == ["1.23", "–"]
    assert table["source"].tolist() == ["a", "b"]
