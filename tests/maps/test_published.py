"""The published rule for maps, beside the published values."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd import wavelet
from awd.maps.study import distil, published

RNG = np.random.default_rng(0)


def maps(per_cosmology):
    """White maps whose s.d. grows with the matter density, as peaks' heights do."""
    omega = np.repeat([0.2, 0.3, 0.4], per_cosmology)
    x = RNG.normal(size=(len(omega), 24, 24)) * 0.1 * omega[:, None, None]
    split = np.tile(["train", "select", "train", "test"], len(omega) // 4)
    return xr.Dataset(
        {
            "x": (("sample", "y", "x"), x.astype(np.float32)),
            "target": (("sample", "name"), np.stack([omega, 0 * omega + 0.8], 1)),
            "split": ("sample", split),
            "cosmology": ("sample", omega.astype(str)),
        }
    )


def test_the_published_rule_tells_cosmologies_apart():
    found = published.scores(maps(240), wavelet.from_pywt("db2"))
    assert set(found) == set(published.SCORES) - {"resnet"}
    assert found["height"] < 0.05
    assert found["laplace"] < 0.05


def test_a_cosmology_with_too_few_maps_has_no_covariance_of_its_own():
    found = published.scores(maps(60), None)
    assert "attribution" not in found
    assert np.isnan(found["db5"])  # 88 bins
    assert np.isfinite(found["height"])  # 22


def test_the_table_sets_published_values_beside_ours():
    ours = {"method": ["resnet", "db5"], "rmse": [0.02, 0.018]}
    ours = pd.DataFrame({**ours, "compression": [np.nan, 0.634]})
    table = published.table({"roberts": 0.025, "db5": 0.03}, ours, 0.07)
    rows = table.set_index("method")
    assert rows.loc["ResNet teacher", "published"] == "1.16 ± 0.02"
    assert rows.loc["ResNet teacher", "here"] == "2.00"
    assert rows.loc["db5", "here"] == "3.00"
    assert rows.loc["db5", "coefficients, emulator"] == "1.80"
    assert rows.loc["db5", "compression, published"] == "0.62"
    assert rows.loc["db5", "compression, here"] == "0.63"
    assert rows.loc["Roberts cross at peaks", "compression, here"] == "–"
    assert rows.loc["Roberts cross at peaks", "over constant, here"] == "0.36"
    with pytest.raises(KeyError):
        rows.loc["starlet"]


def test_the_soft_filter_is_the_one_whose_peaks_tell_most_of_the_select_maps():
    ds = maps(160)
    filters = np.stack([wavelet.from_pywt("db2"), [0.0, 0, 0, 0.1]])
    rmse = published.selecting(filters, ds)
    assert rmse[0] < rmse[1]  # which sees a tenth of the map: all in the first bins
    # Two bins of sources have more features than 240 maps allow to pool, or 60 at all.
    both = ds.assign(x=(("sample", "channel", "y", "x"), np.stack([ds["x"]] * 2, 1)))
    for few in (
        both,
        both.isel(sample=slice(None, None, 4)).assign(split=ds["split"][:120]),
    ):
        assert np.isfinite(published.selecting(filters, few)).all()
    path = xr.Dataset(
        {
            "filter": (("sparsity", "attribution", "tap"), filters[::-1][None]),
            "loss": (("sparsity", "attribution"), [[1.0, 2.0]]),
        },
        coords={"sparsity": [0.02], "attribution": [0.0, 0.004]},
    )
    method = distil.softly(path, ds)
    assert method.chosen.attribution == 0.004
    assert method.chosen.score == pytest.approx(-rmse[0])
    assert (method.chosen_by, method.parameters) == ("labels", 4)
    np.testing.assert_array_equal(method.chosen.filter, filters[0])
