"""Files of samples that are damaged, or claim more than fits, are refused by name."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awd.errors import DataError
from awd.own import source


def test_a_file_that_inflates_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(source.integrity, "ALWAYS", 1 << 20)
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros(1 << 19))
    with pytest.raises(DataError, match=r"x\.npz.*claim to hold"):
        source.arrays(tmp_path / "x.npz")


def test_pickled_objects_are_never_loaded(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(DataError, match=r"x\.npy.*savez"):
        source.arrays(tmp_path / "x.npy")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_flipped_bit_in_an_archive_is_found_or_changes_nothing(tmp_path, at, bit):
    path = tmp_path / "x.npz"
    x = np.linspace(0, 1, 99).reshape(3, 33)
    np.savez(path, x=x)
    damaged = bytearray(path.read_bytes())
    damaged[at % len(damaged)] ^= 1 << bit
    path.write_bytes(damaged)
    try:
        found = source.arrays(path)
    except DataError:
        return
    # In what the archive says of its making, or in the array's name.
    assert [array.tobytes() for array in found.values()] == [x.tobytes()]
