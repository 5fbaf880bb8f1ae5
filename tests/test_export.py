"""wavelet.json: written only for wavelets, read back with plain pywt."""

import json

import numpy as np
import pytest
import pywt

from awd import export, io, wavelet
from awd.errors import DataError, MissingInput, WaveletError


@pytest.fixture
def h():
    free = np.random.default_rng(0).uniform(0, np.pi, 4)
    return wavelet.filter_from_angles(wavelet.complete_angles(free))


def test_exported_json_reconstructs_in_plain_pywt(h, tmp_path):
    path = tmp_path / "wavelet.json"
    export.write_wavelet_json(h, path, name="cells", provenance={"seed": np.int64(3)})
    record = json.loads(path.read_text())
    bank = [record[key] for key in ("dec_lo", "dec_hi", "rec_lo", "rec_hi")]
    plain = pywt.Wavelet(record["name"], filter_bank=bank)
    x = np.random.default_rng(1).normal(size=101)
    restored = pywt.waverec(pywt.wavedec(x, plain, level=3), plain)[:101]
    np.testing.assert_allclose(restored, x, atol=1e-12)
    assert record["provenance"] == {"seed": 3}
    assert max(record["conditions"].values()) <= 1e-12
    np.testing.assert_allclose(wavelet.filter_from_angles(record["angles"]), h)


def test_verify_returns_the_wavelet(tmp_path):
    path = tmp_path / "wavelet.json"
    export.write_wavelet_json(wavelet.from_pywt("db5"), path)
    found = export.verify(path)
    assert found.orthogonal
    np.testing.assert_allclose(found.filter_bank, pywt.Wavelet("db5").filter_bank)
    assert json.loads(path.read_text())["vanishing_moments"] == 5


def test_noise_is_not_exported(h, tmp_path):
    path = tmp_path / "wavelet.json"
    with pytest.raises(WaveletError, match="awd is not an orthonormal wavelet"):
        export.write_wavelet_json(h + 1e-4, path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("key", "value", "error", "message"),
    [
        (
            "rec_lo",
            lambda taps: [1.02 * t for t in taps],
            WaveletError,
            "rec_lo is not",
        ),
        ("dec_hi", lambda taps: taps[::-1], WaveletError, "dec_hi does not belong"),
        ("rec_hi", None, DataError, "no rec_hi"),
        ("rec_lo", lambda taps: None, DataError, "rec_lo is .*; expected numbers"),
        ("rec_hi", lambda taps: [[1.0, 2.0]], WaveletError, "rec_hi does not belong"),
        ("dec_lo", lambda taps: ["a"], DataError, "dec_lo is .*; expected numbers"),
    ],
)
def test_damaged_files_are_refused(h, tmp_path, key, value, error, message):
    path = tmp_path / "wavelet.json"
    export.write_wavelet_json(h, path)
    record = io.read_json(path)
    taps = record.pop(key)
    if value:
        record[key] = value(taps)
    io.write_json(record, path)
    with pytest.raises(error, match=message):
        export.verify(path)


def test_absent_file_is_refused(tmp_path):
    with pytest.raises(MissingInput, match="no such file"):
        export.verify(tmp_path / "none.json")
