"""Movies of many makes are read, and every kind of broken one is refused."""

import numpy as np
import pytest
import tifffile

from awd.cells.movie import open_movie
from awd.errors import AwdError, DataError, MissingInput

OME = {
    "PhysicalSizeX": 0.08,
    "PhysicalSizeXUnit": "µm",
    "TimeIncrement": 1500.0,
    "TimeIncrementUnit": "ms",
}
SAID = {"pixel_nm": 80.0, "interval_s": 1.0}
rng = np.random.default_rng(0)
MASTER = rng.poisson(100, (12, 64, 48)).astype(np.uint16)
SLAVE = rng.poisson(80, (12, 64, 48)).astype(np.uint16)


def write(path, data, axes=None, **options):
    metadata = {**OME, "axes": axes} if axes and not options.get("imagej") else None
    options = {"metadata": metadata, "photometric": "minisblack"} | options
    tifffile.imwrite(path, data, **options)
    return path


def same(frames, data):
    return np.array_equal(np.stack(list(frames)), data)


@pytest.mark.parametrize("axes", ["TCYX", "CTYX"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ome_tiff_with_both_channels(tmp_path, axes, compression):
    data = np.stack([MASTER, SLAVE], axes.index("C"))
    path = write(tmp_path / "a.ome.tif", data, axes, compression=compression)
    movie = open_movie(path)
    assert (movie.frames, movie.shape) == (12, (64, 48))
    assert (movie.pixel_nm, movie.interval_s) == (80.0, 1.5)
    assert same(movie.channels[0], MASTER)
    assert same(movie.channels[1], SLAVE)
    assert same(open_movie(path, channels=[1, 0]).channels[0], SLAVE)


def test_a_file_a_channel_and_plain_stacks(tmp_path):
    paths = [
        write(tmp_path / "m.tif", MASTER, byteorder=">"),
        write(tmp_path / "s.tif", SLAVE.astype(np.float32)),
    ]
    movie = open_movie(*paths, **SAID)
    assert same(movie.channels[0], MASTER)
    assert movie.channels[0][3].dtype == np.dtype("=u2")
    assert same(movie.channels[1], SLAVE)
    assert same(movie.channels[0][2:5], MASTER[2:5])
    assert np.array_equal(movie.channels[0][-1], MASTER[-1])


def test_imagej_says_pixel_and_interval(tmp_path):
    path = write(
        tmp_path / "ij.tif",
        np.stack([MASTER, SLAVE], 1),
        imagej=True,
        resolution=(12.5, 12.5),
        metadata={"axes": "TCYX", "finterval": 2.0, "unit": "um"},
    )
    movie = open_movie(path)
    assert movie.pixel_nm == pytest.approx(80)
    assert movie.interval_s == 2
    assert same(movie.channels[1], SLAVE)


def test_times_of_planes_are_an_interval(tmp_path):
    planes = {"DeltaT": [2.5 * t for t in range(12)], "DeltaTUnit": ["s"] * 12}
    path = tmp_path / "p.ome.tif"
    tifffile.imwrite(
        path,
        MASTER,
        metadata={"axes": "TYX", "PhysicalSizeX": 0.1, "Plane": planes},
    )
    movie = open_movie(path)
    assert (movie.pixel_nm, movie.interval_s) == (pytest.approx(100), 2.5)
    assert open_movie(path, interval_s=1.0).interval_s == 1


def test_frames_are_read_when_asked_for(tmp_path):
    """A frame that is broken is met when it is read, and named."""
    bad = MASTER.astype(np.float32)
    bad[7, 3, 4] = np.nan
    movie = open_movie(write(tmp_path / "n.tif", bad), **SAID)
    movie.channels[0][6]
    with pytest.raises(DataError, match=r"n.tif: frame 7 holds NaN.* y 3, x 4"):
        movie.channels[0][7]


def cut(path, share=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path


def test_a_truncated_stack_is_refused(tmp_path):
    path = cut(write(tmp_path / "t.tif", MASTER, metadata={"axes": "TYX"}))
    with pytest.raises(DataError, match=r"t.tif.*truncated"):
        open_movie(path, **SAID)
    packed = write(tmp_path / "z.ome.tif", MASTER, "TYX", compression="zlib")
    with pytest.raises(DataError, match=r"z.ome.tif.*truncated"):
        open_movie(cut(packed))


def test_a_corrupt_page_is_refused_when_read(tmp_path):
    path = write(tmp_path / "c.ome.tif", MASTER, "TYX", compression="zlib")
    with tifffile.TiffFile(path) as file:
        offset = file.pages[8].dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[offset : offset + 200] = bytes(200)
    path.write_bytes(content)
    movie = open_movie(path)
    with pytest.raises(DataError, match=r"c.ome.tif: frame 8 cannot be read"):
        list(movie.channels[0])


REFUSED = {
    "rgb": (np.stack([MASTER.astype(np.uint8)] * 3, -1), "colours .RGB.*grey values"),
    "one": (MASTER[0], "one frame is no movie"),
    "empty": (np.zeros_like(MASTER), "frame 0 is empty, every pixel is 0"),
    "saturated": (
        np.minimum(MASTER + 160, 255),
        r"saturated, \d\d% of its pixels are 255",
    ),
    "complex": (MASTER.astype(np.complex64), "pixels are complex64; expected numbers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_tracked_is_refused(tmp_path, name):
    data, message = REFUSED[name]
    options = {"photometric": "rgb"} if name == "rgb" else {}
    path = write(tmp_path / f"{name}.tif", data, **options)
    with pytest.raises(DataError, match=f"{name}.tif.*{message}"):
        open_movie(path, **SAID)


def test_not_a_tiff_and_no_file(tmp_path):
    path = tmp_path / "x.tif"
    path.write_text("no movie")
    with pytest.raises(DataError, match=r"x.tif: not a readable TIFF.*OME-TIFF"):
        open_movie(path)
    with pytest.raises(MissingInput, match=r"none.tif: no such file"):
        open_movie(tmp_path / "none.tif")
    with pytest.raises(DataError, match="no movie was named"):
        open_movie()


def test_channels_must_be_alike(tmp_path):
    master = write(tmp_path / "m.tif", MASTER)
    for name, other in (("short", SLAVE[:7]), ("small", SLAVE[:, :32])):
        slave = write(tmp_path / f"{name}.tif", other)
        with pytest.raises(DataError, match=rf"m.tif has 12 frames.*{name}.tif has"):
            open_movie(master, slave, **SAID)
    with pytest.raises(DataError, match="no channel 2; there are 1"):
        open_movie(master, channels=[0, 2], **SAID)


def test_wrong_axes_say_how_to_mend_them(tmp_path):
    path = write(tmp_path / "z.tif", MASTER, imagej=True, metadata={"axes": "ZYX"})
    with pytest.raises(DataError, match="if it is time, give axes='TYX'"):
        open_movie(path, **SAID)
    assert same(open_movie(path, axes="TYX", **SAID).channels[0], MASTER)
    for axes, message in (("TCYX", "one letter an axis"), ("YXT", "last two must be")):
        with pytest.raises(DataError, match=message):
            open_movie(path, axes=axes, **SAID)


@pytest.mark.parametrize("missing", sorted(SAID))
def test_what_the_metadata_do_not_say_is_asked_for(tmp_path, missing):
    path = write(tmp_path / "p.tif", MASTER)
    said = {name: value for name, value in SAID.items() if name != missing}
    with pytest.raises(AwdError, match=rf"p.tif: the metadata do not say.*{missing}"):
        open_movie(path, **said)
