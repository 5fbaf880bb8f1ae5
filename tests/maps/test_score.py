"""Scores and their tables, from predictions whose errors are chosen."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd import io
from awd.errors import DataError
from awd.maps.infer import pages, score
from awd.maps.infer.predict import HEADS, POSTERIORS

COSMOLOGIES, MAPS = 10, 20  # MAPS of each
TRUTH = np.repeat(np.linspace(0.2, 0.4, COSMOLOGIES), MAPS)
COSMOLOGY = np.repeat([f"c{k}" for k in range(COSMOLOGIES)], MAPS)
EVEN = (np.arange(len(TRUTH)) + 0.5) / len(TRUTH)  # ranks of a right posterior


def inferred(statistic, errors, ranks=EVEN, features=22):
    """Predictions of a statistic: an array of errors for every head.

    Of a second parameter errors are three times as large, and intervals never right.
    """
    heads = [
        np.stack([TRUTH + errors[head], 9 + TRUTH + 3 * errors[head]], 1)
        for head in HEADS
    ]
    both = np.stack([ranks, 0 * ranks], 1)
    return xr.Dataset(
        {
            "prediction": (("head", "sample", "name"), heads),
            "target": (("sample", "name"), np.stack([TRUTH, 9 + TRUTH], 1)),
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


def of_first(table):
    """Rows of the first parameter, as the file has them, without its name."""
    return table[table["parameter"] == "omega_m"].drop(columns="parameter")


def test_rmse_is_that_of_every_parameter_by_statistic_and_head(two):
    table = score.score(two, 50, 0).set_index(["parameter", "method", "head"])
    assert len(table) == 2 * 2 * len(HEADS)
    sizes = {"height": 0.02, "spectrum": 0.01}
    for (parameter, times), name in itertools.product(
        (("omega_m", 1), ("sigma_8", 3)), sizes
    ):
        for k, head in enumerate(HEADS):
            row = table.loc[parameter, name, head]
            assert row["rmse"] == pytest.approx(times * sizes[name] * (1 + k / 100))
            # Errors of one size have no spread to resample.
            assert row["low"] == pytest.approx(row["high"]) == row["map_low"]
    assert (table["features"] == 22).all()


def test_maps_of_a_cosmology_that_err_together_are_not_independent():
    table = of_first(score.score([inferred("height", together(0.02))], 400, 0))
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
    both = score.score([inferred("height", constant(0.01), ranks)], 50, 0)
    second = both[both["parameter"] == "sigma_8"].set_index("head")
    assert second.loc["calibrated", ["coverage_68", "coverage_95"]].tolist() == [0, 0]
    table = of_first(both)
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


def test_coverage_of_one_initial_condition_has_no_interval():
    dataset = inferred("height", constant(0.01))
    alone = dataset.assign(group=xr.full_like(dataset["group"], "only"))
    table = score.coverages([alone], 50, 0)
    assert table[["low", "high"]].isna().all(axis=None)
    text = score.coverage_table(table)["matter density, 68 %"].iloc[0]
    assert float(text) == pytest.approx(table["found"].iloc[0], abs=0.01)


def test_the_share_of_maps_that_fit_is_that_of_p_values_above_a_thousandth():
    dataset = inferred("height", constant(0.01))
    dataset["p_value"][:50] = 1e-4
    table = of_first(score.score([dataset], 50, 0))
    row = table.set_index("head").loc["calibrated"]
    assert row["fit"] == 0.75


def test_differences_are_paired_and_negative_where_the_method_is_better():
    shared = together(0.02)
    worse = {head: 1.5 * errors for head, errors in shared.items()}
    names = {"laplace": shared, "height": worse, "spectrum": shared}
    every = [inferred(name, errors) for name, errors in names.items()]
    both = score.differences(every, 200, 0)
    assert len(both) == 2 * 3 * len(HEADS)
    own = both["parameter"] == "sigma_8"
    gaps = both["rmse_difference"].to_numpy()
    np.testing.assert_allclose(gaps[own], 3 * gaps[~own])
    rows = of_first(both)
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
        {
            "parameter": "omega_m",
            "method": name,
            "head": head,
            "features": features,
            "rmse": rmse,
        }
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


def test_tables_of_several_parameters_name_them_and_order_each_for_itself(two):
    scores = score.score(two, 50, 0)
    turned = scores["parameter"] == "sigma_8"
    names = {"height": "spectrum", "spectrum": "height"}
    scores.loc[turned, "method"] = scores.loc[turned, "method"].map(names)
    table = score.score_table(scores)
    assert (
        table["parameter"].tolist()
        == ["matter density"] * 2 + ["amplitude of fluctuations"] * 2
    )
    best = ["power spectrum", "peak height"]
    assert table["statistic"].tolist() == best + best[::-1]
    alone = score.score_table(of_first(scores).assign(parameter="omega_m"))
    pd.testing.assert_frame_equal(
        alone, table[:2].drop(columns="parameter"), check_exact=True
    )


def test_the_page_has_a_table_of_every_parameter(two, tmp_path):
    io.write_table(score.score(two, 50, 0), tmp_path / "cosmology.csv")
    none = {key: [] for key in ("coverage", "observed", "heads", "left_out")}
    given = SimpleNamespace(cosmology=[tmp_path / "cosmology.csv"], **none)
    found = {title: table for table, title, _ in pages.tables(given)}
    assert list(found) == [
        "Statistics without a network, matter density",
        "Statistics without a network, amplitude of fluctuations",
    ]
    assert [len(table) for table in found.values()] == [2, 2]


def test_chosen_filters_are_shown_with_all_heads_and_what_is_missing():
    rmse = {head: [0.0123, np.nan] for head in HEADS}
    heads = pd.DataFrame({"source": ["a", "b"], "method": ["resnet", "db5"], **rmse})
    table = score.head_table(heads)
    assert table["method"].tolist() == ["ResNet teacher", "db5"]
    assert table["calibrated"].tolist() == ["1.23", "–"]
    assert table["source"].tolist() == ["a", "b"]
