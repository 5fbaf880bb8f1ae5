"""Tables from elsewhere: their columns are exact, and one without names is refused."""

import numpy as np
import pandas as pd
import pytest

from awd import io
from awd.errors import DataError
from awd.own import tables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b,g\n1,2.5,x\n3,,y\n", {"a": [1, 3], "b": [2.5, None], "g": ["x", "y"]}),
        ('a, b ,"c, d"\r\n"1",2,-3e-5\r\n', {"a": [1], "b": [2], "c, d": [-3e-5]}),
        ("\ufeff0,1\n\n5,0.1\n\n", {"0": [5], "1": [0.1]}),
        ("x\n1\n2\n", {"x": [1, 2]}),
    ],
)
def test_columns_of_any_csv(tmp_path, text, expected):
    (tmp_path / "t.csv").write_text(text, "utf-8")
    found = tables.read(tmp_path / "t.csv")
    assert list(found) == list(expected)
    for name, cells in expected.items():
        np.testing.assert_array_equal(found[name], np.array(cells, found[name].dtype))
        whole = all(isinstance(cell, int) for cell in cells)
        assert (found[name].dtype == np.int64) == whole


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"0.5,1.5\n1,2\n", "does not give every"),
        (b"a,a\n1,2\n", "does not give every"),
        (b"a,b\n1,2,3\n", r"2 columns are named above 1 x 3 cells"),
        (b"a,b\n1,2\n1\n", "not a CSV"),
        (b"a;b\n1;2\n", "separated by ';'; expected commas"),
        (b"a\tb\n1,5\t2\n", "separated by '.t'; expected commas"),
        (b"a,b\n", "2 columns are named above 0"),
        (b"", "is empty"),
        (b"a,b\n\xff,1\n", "not a CSV in UTF-8"),
    ],
)
def test_a_csv_without_names_or_rows_is_refused(tmp_path, data, said):
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(DataError, match=rf"t\.csv.*{said}"):
        tables.read(tmp_path / "t.csv")


def test_columns_are_exact(tmp_path):
    x = np.random.default_rng(0).normal(size=(50, 3)) * 10.0 ** np.arange(-8, 8, 6)
    io.write_table(pd.DataFrame(x, columns=["a", "b", "c"]), tmp_path / "t.csv")
    np.testing.assert_array_equal(
        np.stack(list(tables.read(tmp_path / "t.csv").values()), 1), x
    )
