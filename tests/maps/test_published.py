"""The published rule for maps, beside the published values."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd import wavelet
from awd.maps import published

RNG = np.random.default_rng(0)


def maps(per_cosmology):
    """White maps whose s.d. grows with the matter density, as peaks' heights do."""
    omega = np.repeat([0.2, 0.3, 0.4], per_cosmology)
    x = RNG.normal(size=(len(omega), 24, 24)) * 0.1 * omega[:, None, None]
    split = np.tile(np.where(np.arange(per_cosmology) % 4 < 3, "train", "test"), 3)
    return xr.Dataset(
        {
            "x": (("sample", "y", "x"), x.astype(np.float32)),
            "target": (("sample", "name"), np.stack([omega, 0 * omega + 0.8], 1)),
            "split": ("sample", split),
        }
    )


def test_the_published_rule_tells_cosmologies_apart():
    found = published.scores(maps(160), wavelet.from_pywt("db2"))
    assert set(found) == set(published.SCORES) - {"resnet"}
    assert found["height"] < 0.05
    assert found["laplace"] < 0.05


def test_a_cosmology_with_too_few_maps_has_no_covariance_of_its_own():
    found = published.scores(maps(40), None)
    assert "attribution" not in found
    assert np.isnan(found["db5"])  # 88 bins
    assert np.isfinite(found["height"])  # 22


def test_the_table_sets_published_values_beside_ours():
    ours = pd.DataFrame({"method": ["resnet", "db5"], "rmse": [0.02, 0.018]})
    table = published.table({"roberts": 0.025, "db5": 0.03}, ours, 0.07)
    rows = table.set_index("method")
    assert rows.loc["ResNet teacher", "published"] == "1.16 ± 0.02"
    assert rows.loc["ResNet teacher", "here"] == "2.00"
    assert rows.loc["db5", "here"] == "3.00"
    assert rows.loc["db5", "coefficients, emulator"] == "1.80"
    assert rows.loc["Roberts cross at peaks", "over constant, here"] == "0.36"
    with pytest.raises(KeyError):
        rows.loc["starlet"]
