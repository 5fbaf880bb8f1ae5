"""Statistics of one's own, by import path: measured as all others, refused in words."""

import textwrap

import numpy as np
import pytest

from awd.config import reading
from awd.errors import AwdError, ConfigError, DataError
from awd.maps.measure import sizes, statistics
from awd.maps.readers import Collection
from awd.maps.study import dataset

MOMENTS = """
    import numpy as np

    class Moments:
        "Skewness and kurtosis of what was seen, over the training maps' s.d."

        def __init__(self, pixel_arcmin):
            self.pixel, self.sd = pixel_arcmin, None

        def fitted(self, maps, mask=None):
            seen = maps if mask is None else maps[mask]
            self.sd = seen.std()  # in place: it is copied before
            return self

        def features(self, maps, mask=None):
            seen = np.ones(maps.shape, bool) if mask is None else mask
            rows = [image[own] / self.sd for image, own in zip(maps, seen)]
            return np.array([[(r**k).mean() for k in (2, 3, 4)] for r in rows])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(folder, code, name="parts.py"):
    (folder / name).write_text(textwrap.dedent(code))


SOURCE = {"kind": "simulated", "pixels": 32, "particles": 16}


def read(*methods, **maps):
    settings = {"source": SOURCE, "methods": [*methods], "teacher": None, **maps}
    return reading.load({"run": "r", "maps": settings})


def test_it_is_measured_as_every_other(folder, small):
    put(folder, MOMENTS)
    name = "parts.py:Moments"
    assert read("laplace", name).maps.statistics == {
        "laplace": "laplace",
        "Moments": name,
    }
    statistic = statistics.fitted(statistics.of(name, 6.6, 9), small)
    found = statistics.measure(statistic, small)
    x = small["x"].values
    sd = x[small["split"].values == "train"].std()
    expected = np.stack([((x / sd) ** k).mean((1, 2)) for k in (2, 3, 4)], 1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0.01)
    assert statistic.constants == 0
    assert sizes.features(name) == 3
    assert sizes.features(name, 9, fields=2) == 6


def test_every_bin_of_sources_has_its_own_constants(folder, small):
    put(folder, MOMENTS)
    x = small["x"].values[:20]
    both = np.stack([x, 3 * x], 1)
    plain = statistics.of_maps(statistics.of("parts.py:Moments", 6.6), 4)
    found = plain.fitted(both).features(both)
    assert found.shape == (20, 6)
    np.testing.assert_allclose(found[:, :3], found[:, 3:], rtol=1e-4)


def test_a_mask_is_handed_to_it(folder, small):
    put(folder, MOMENTS)
    x = small["x"].values[:20]
    mask = np.ones(x.shape, bool)
    mask[:, :9] = False
    other = np.where(mask, x, np.float32(7))
    statistic = statistics.of("parts.py:Moments", 6.6).fitted(x, mask)
    np.testing.assert_array_equal(
        statistic.features(other, mask), statistic.features(x, mask)
    )


FIT = """class One:
    def __init__(self, pixel): pass
    def fitted(self, maps, mask=None): return self
"""
READ = "    def features(self, maps, mask=None):"
WRONG = {
    "no such name": ("", "has no 'One'"),
    "does not compile": ("class One(:", "fails when it is imported.*SyntaxError"),
    "needs more": (
        "class One:\n    def __init__(self, a, b): pass",
        r"parts.py:One fails \(TypeError.*'b'",
    ),
    "no features": (FIT, "has no features; expected"),
    "raises": (
        FIT + READ + " return 1 / 0",
        r"fails on maps \(4, 32, 32\) \(ZeroDivisionError",
    ),
    "does without a mask": (
        FIT + "    def features(self, maps): return maps.mean((1, 2))[:, None]",
        "fails on maps.*TypeError",
    ),
    "a number a map": (
        FIT + READ + " return maps.mean((1, 2))",
        r"shape \(4,\); expected \(4, features\)",
    ),
    "a row for all": (
        FIT + READ + " return maps.mean((1, 2))[None]",
        r"shape \(1, 4\); expected \(4, features\)",
    ),
    "not finite": (
        FIT + READ + " return maps.mean((1, 2))[:, None] / 0.0",
        "not all finite",
    ),
    "text": (
        FIT + READ + " return [['a']] * len(maps)",
        "expected finite numbers",
    ),
    "of other maps": (
        FIT + READ + " return maps.mean((1, 2))[:, None] / maps.std() - maps.mean()",
        "other features alone than among others",
    ),
    "of as many features as maps": (
        FIT + READ + " return maps.mean((1, 2))[:, None] + 0 * maps[:, 0, 0]",
        "other features alone than among others",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_used_is_refused_before_any_job(folder, what):
    code, message = WRONG[what]
    put(folder, code)
    with pytest.raises(ConfigError, match=message) as told:
        read("laplace", "parts.py:One")
    assert "maps.methods" in str(told.value)


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        (["laplace", "parts.py:laplace"], "two called 'laplace'"),
        (["parts.py:A", "other.py:A"], "two called 'A'"),
        (["laplace", "moments"], "or an import path"),
        (["laplace", "there.py:A"], "there is no file there.py"),
    ],
)
def test_names_that_cannot_be_told_apart_or_found_are_refused(folder, methods, message):
    renamed = MOMENTS.replace("class Moments", "class {}")
    put(folder, renamed.format("A") + renamed.format("laplace"))
    put(folder, renamed.format("A"), "other.py")
    with pytest.raises(ConfigError, match=message):
        read(*methods)


MANY = """
    import numpy as np

    class One:
        def __init__(self, pixel): pass
        def fitted(self, maps, mask=None): return self
        def features(self, maps, mask=None):
            seen = maps if mask is None else np.where(mask, maps, 0)
            return np.repeat(seen.mean((1, 2))[:, None], {}, 1)
"""
POOLED = {"covariance": "pooled"}


@pytest.mark.parametrize(
    ("count", "settings", "message"),
    [
        (2100, {}, "parts.py:One, of 2100 features; at most 2000"),
        (1900, {}, None),
        (1900, POOLED, "1900 features of parts.py:One; a pooled covariance needs 2412"),
        (900, POOLED, None),
        (
            950,
            POOLED | {"source": SOURCE | {"z_source": [0.5, 1.0]}},
            "the 1900 features of parts.py:One",
        ),
    ],
)
def test_more_features_than_maps_bear_are_refused_before_any_job(
    folder, count, settings, message
):
    put(folder, MANY.format(count))
    if not message:
        assert read("laplace", "parts.py:One", **settings)
        return
    with pytest.raises(ConfigError, match=message):
        read("laplace", "parts.py:One", **settings)


def test_maps_of_files_are_counted_before_their_pixels_are_read(folder, small):
    put(folder, MANY.format(200))
    table = small[["cosmology", "split"]].to_dataframe()
    methods = {"names": ["parts.py:One"], "bins": None, **POOLED}
    given = ["omega_m", "sigma_8"], methods, {"tile": None, "size": 32}
    with pytest.raises(DataError, match="the 200 features of parts.py:One"):
        dataset.require_enough(Collection(table, None), *given)
    put(folder, MANY.format(20), "few.py")
    methods["names"] = ["few.py:One"]
    dataset.require_enough(Collection(table, None), *given)


def test_one_that_fails_later_is_named(folder, small):
    put(folder, MOMENTS)
    statistic = statistics.of("parts.py:Moments", 6.6).fitted(small["x"].values)
    statistic.part.sd = np.nan
    with pytest.raises(AwdError, match="parts.py:Moments: features"):
        statistic.features(small["x"].values)
