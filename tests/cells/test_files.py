"""Files as microscopes write them: what is in them, in whose order, who is right."""

import json

import numpy as np
import pytest
import tifffile
from tests.cells import tiffs

from awd.cells.movie import clipped, open_movie
from awd.errors import DataError, MissingInput

SAID = {"pixel_nm": 100.0, "interval_s": 1.0}
BOTH = tiffs.planes(6, 2)


def same(channel, images):
    return np.array_equal(np.stack(list(channel)), images)


def plain(path, images, **options):
    options = {"metadata": None, "photometric": "minisblack"} | options
    tifffile.imwrite(path, images, **options)
    return path


def refused(message, *paths, **options):
    with pytest.raises(DataError, match=message) as caught:
        open_movie(*paths, **options)
    assert len(str(caught.value)) <= 500


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_linked_files_come_in_the_users_order(tmp_path, order):
    names = [(f"c{c}.ome.tif", f"urn:uuid:{c}") for c in (0, 1)]
    paths = [
        tiffs.ome(tmp_path / name, BOTH, uuid=uuid, files=names) for name, uuid in names
    ]
    movie = open_movie(*(paths[c] for c in order))
    assert len(movie.channels) == 2
    for channel, c in zip(movie.channels, order, strict=True):
        assert same(channel, BOTH[:, c])
    assert same(open_movie(paths[1], channels=[0]).channels[0], BOTH[:, 0])
    paths[1].unlink()
    refused("c1.ome.tif, which is not there", paths[0])


def test_a_recording_that_was_stopped_is_used_as_far_as_it_went(tmp_path, caplog):
    path = tiffs.ome(tmp_path / "stopped.ome.tif", BOTH, told=10)
    movie = open_movie(path)
    assert movie.frames == 6
    assert same(movie.channels[1], BOTH[:, 1])
    assert "of 10 frames 6 were written" in caplog.text
    content = path.read_bytes()
    for share in np.linspace(0.3, 0.85, 8):
        path.write_bytes(content[: int(share * len(content))])
        refused("stopped.ome.tif.*(truncated|damaged)", path)


def test_micromanager_stacks(tmp_path):
    data = np.stack([tiffs.planes(4, 2, seed) for seed in (0, 1)])
    path = tiffs.mmstack(tmp_path / "a_MMStack.ome.tif", data, Interval_ms=250.0)
    refused("holds 2 positions.*series: 0 to 1", path, pixel_nm=100)
    movie = open_movie(path, series=1, pixel_nm=100)
    assert movie.interval_s == 0.25
    assert same(movie.channels[0], data[1, :, 0])
    refused("say which by series: 0 to 1", path, series=2, **SAID)
    stopped = tiffs.mmstack(tmp_path / "b_MMStack.ome.tif", data[:1], written=5)
    assert open_movie(stopped, **SAID).frames == 2


def test_ndtiff_says_channels_pixel_and_times(tmp_path):
    folder = tiffs.ndtiff(tmp_path / "nd", BOTH)
    movie = open_movie(folder)
    assert (movie.pixel_nm, movie.interval_s) == (100, 0.5)
    assert same(movie.channels[1], BOTH[:, 1])
    file = folder / "a_NDTiffStack.tif"
    assert same(open_movie(file).channels[0], BOTH[:, 0])
    depth = tiffs.ndtiff(tmp_path / "z", BOTH, z=True)
    refused("say which of Z by z: 0 to 1, or z: max", depth)
    assert same(open_movie(depth, z=1).channels[0], BOTH[:, 1])
    assert same(open_movie(depth, z="max").channels[0], BOTH.max(1))


def test_metamorph_stk(tmp_path):
    movie = open_movie(tiffs.stk(tmp_path / "m.stk", BOTH[:, 0]))
    assert (movie.pixel_nm, movie.interval_s) == (100, 0.2)
    assert same(movie.channels[0], BOTH[:, 0])


@pytest.mark.parametrize("channels", [1, 3])
def test_zeiss_lsm(tmp_path, channels):
    data = tiffs.planes(4, channels)
    movie = open_movie(tiffs.lsm(tmp_path / "m.lsm", data))
    assert (movie.pixel_nm, movie.interval_s) == pytest.approx((100, 0.5))
    assert movie.frames == 4
    for k, channel in enumerate(movie.channels):
        assert same(channel, data[:, k])


@pytest.mark.parametrize("axes", ["TZYX", "ZTYX"])
def test_depth_is_never_read_as_time(tmp_path, axes):
    data = tiffs.planes(4, 3).transpose(
        0 if axes == "TZYX" else 1, axes.index("Z"), 2, 3
    )
    path = plain(tmp_path / "z.tif", data, metadata={"axes": axes}, ome=True)
    refused("say which of Z by z: 0 to 2", path, **SAID)
    wrong = axes.replace("T", "C").replace("Z", "T")
    refused("time has 4 frames and Z 3 planes", path, axes=wrong, **SAID)
    assert open_movie(path, z=0, **SAID).frames == 4


def test_of_several_series_one_is_named(tmp_path):
    path = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for k in (0, 1):
            about = {"axes": "TYX", "Name": f"cell {k}", "PhysicalSizeX": 0.1 * (k + 1)}
            writer.write(BOTH[:, k], metadata=about)
    refused("2 series of images: 0 'cell 0'.*1 'cell 1'.*series: 0", path, **SAID)
    movie = open_movie(path, series=1, interval_s=1)
    assert same(movie.channels[0], BOTH[:, 1])
    assert movie.pixel_nm == pytest.approx(200)
    refused("no series 2; there are 2", path, series=2, **SAID)


@pytest.mark.parametrize("codec", ["lzw", "zstd", "jpegxl", "packbits"])
def test_codecs(tmp_path, codec):
    path = plain(tmp_path / "c.tif", BOTH[:, 0], compression=codec)
    assert same(open_movie(path, **SAID).channels[0], BOTH[:, 0])


def test_sequences_folders_and_patterns(tmp_path):
    for t, frame in enumerate(BOTH):
        for c, wave in enumerate(("561", "488")):
            plain(tmp_path / f"img_t{t}_w{wave}.tif", frame[c])
    refused(r"img_t\*_w488.tif, img_t\*_w561.tif", tmp_path, **SAID)
    patterns = [tmp_path / f"*_w{wave}.tif" for wave in ("561", "488")]
    movie = open_movie(*patterns, **SAID)
    assert same(movie.channels[0], BOTH[:, 0])
    assert same(movie.channels[1], BOTH[:, 1])
    (tmp_path / "img_t3_w561.tif").unlink()
    refused("after img_t2_w561.tif comes img_t4_w561.tif", patterns[0], **SAID)
    with pytest.raises(MissingInput, match="no file has a name of this pattern"):
        open_movie(tmp_path / "*.stk")


@pytest.mark.parametrize("codec", [None, "zlib"])
def test_every_file_of_a_sequence_is_known_when_it_is_opened(tmp_path, codec):
    for t in range(6):
        image = BOTH[t, 0] if t != 4 else BOTH[t, 0, :10]
        tifffile.imwrite(tmp_path / f"t{t}.tif", image, compression=codec)
    refused("t4.tif: has Y 10.*t0.tif, Y ", tmp_path, **SAID)
    (tmp_path / "t4.tif").write_bytes(b"")
    refused("t4.tif: is empty", tmp_path, **SAID)


def test_no_file_that_is_named_is_forgotten(tmp_path):
    files = [tmp_path / name for name in ("a.tif", "b.tif")]
    for k, file in enumerate(files):
        plain(file, BOTH + 500 * k, imagej=True, metadata={"axes": "TCYX"})
    message = r"b.tif.*not read: the files hold 2, 2"
    refused(message, *files, channels=[0, 1], **SAID)
    movie = open_movie(*files, channels=[1, 2], **SAID)
    assert same(movie.channels[0], BOTH[:, 1])
    assert same(movie.channels[1], BOTH[:, 0] + 500)


def test_numbers_without_leading_zeros_and_parts_are_in_order(tmp_path):
    long = tiffs.planes(12, 1)[:, 0]
    for name in ("frames", "parts"):
        (tmp_path / name).mkdir()
    for t, image in enumerate(long):
        plain(tmp_path / "frames" / f"{t}.tif", image)
    assert same(open_movie(tmp_path / "frames", **SAID).channels[0], long)
    for part in range(3):
        plain(tmp_path / "parts" / f"m_{part + 9}.tif", long[4 * part : 4 * part + 4])
    assert same(open_movie(tmp_path / "parts", **SAID).channels[0], long)
    (tmp_path / "none").mkdir()
    refused("no TIFF file in this folder", tmp_path / "none")


def test_halves_crops_and_frames_in_turn(tmp_path):
    side = np.concatenate([BOTH[:, 0], BOTH[:, 1]], 2)
    path = plain(tmp_path / "dual.tif", side)
    left, right = open_movie(path, halves="left-right", **SAID).channels
    assert same(left, BOTH[:, 0])
    assert same(right, BOTH[:, 1])
    swapped = open_movie(path, halves="left-right", channels=[1, 0], **SAID)
    assert same(swapped.channels[0], BOTH[:, 1])
    crop = {"x": [4, 20], "y": [2, 10]}
    movie = open_movie(path, halves="left-right", crop=crop, **SAID)
    assert same(movie.channels[1], BOTH[:, 1, 2:10, 4:20])
    assert movie.channels[1].origin == (2, 32 + 4)
    refused("crop is x 4 to 99", path, crop={"x": [4, 99]}, **SAID)
    over = plain(tmp_path / "over.tif", np.concatenate([BOTH[:, 0], BOTH[:, 1]], 1))
    assert same(open_movie(over, halves="top-bottom", **SAID).channels[1], BOTH[:, 1])
    turns = plain(tmp_path / "turns.tif", BOTH.reshape(12, 24, 32))
    assert same(open_movie(turns, interleaved=2, **SAID).channels[1], BOTH[:, 1])
    assert open_movie(turns, interleaved=5, **SAID).frames == 2


UNITS = {
    "µm": (0.1, 100),
    "microns": (0.1, 100),
    "Micron": (0.1, 100),
    "nm": (100, 100),
    "mm": (1e-4, 100),
    "cm": (1e-5, 100),
    "m": (1e-7, 100),
    "Å": (1000, 100),
    "inches": (4e-6, 101.6),
}
TIMES = {
    "ms": 2000,
    "msec": 2000,
    "seconds": 2,
    "min": 1 / 30,
    "h": 1 / 1800,
    "hours": 1 / 1800,
}


@pytest.mark.parametrize("unit", UNITS)
def test_units_of_length(tmp_path, unit):
    value, nm = UNITS[unit]
    path = tiffs.ome(
        tmp_path / "a.ome.tif", BOTH, PhysicalSizeX=value, PhysicalSizeXUnit=unit
    )
    assert open_movie(path).pixel_nm == pytest.approx(nm)


@pytest.mark.parametrize("unit", TIMES)
def test_units_of_time(tmp_path, unit):
    said = {"TimeIncrement": TIMES[unit], "TimeIncrementUnit": unit}
    path = tiffs.ome(tmp_path / "a.ome.tif", BOTH, **said)
    assert open_movie(path).interval_s == pytest.approx(2)


def test_what_is_odd_or_impossible_is_said(tmp_path, caplog):
    path = tiffs.ome(tmp_path / "a.ome.tif", BOTH, PhysicalSizeXUnit="furlong")
    refused("0.1 furlong, a unit that is not known", path)
    refused("0.108 nm by pixel_nm; expected 10.*did you mean 108", path, pixel_nm=0.108)
    assert open_movie(path, pixel_nm=108, interval_s=3).interval_s == 3
    assert "says 1 s for the time between frames; interval_s: 3 is taken" in caplog.text


def test_sources_that_differ_are_refused_with_both_values(tmp_path):
    times = [2.0 * t for t in range(6)]
    path = tiffs.ome(tmp_path / "a.ome.tif", BOTH, times=times)
    refused("1 s by .*TimeIncrement and 2 s by .*DeltaT; give.*interval_s", path)
    assert open_movie(path, interval_s=2).interval_s == 2
    steady = tiffs.ome(tmp_path / "b.ome.tif", BOTH, TimeIncrement=None, times=times)
    assert open_movie(steady).interval_s == 2
    times[4:] = [30, 32]
    stalled = tiffs.ome(tmp_path / "c.ome.tif", BOTH, TimeIncrement=None, times=times)
    refused("2 s by .*of most frames and 24 s by .*from frame 3 to 4", stalled)
    oval = tiffs.ome(tmp_path / "d.ome.tif", BOTH, PhysicalSizeY=0.2)
    refused("100 nm by .*SizeX and 200 nm by .*SizeY", oval)
    other = tiffs.ome(tmp_path / "e.ome.tif", BOTH[:, :1], PhysicalSizeX=0.13)
    refused("100 nm by .*b.ome.tif.* and 130 nm by .*e.ome.tif", steady, other)


def test_what_a_camera_clips_is_told_from_few_photons(tmp_path):
    rng = np.random.default_rng(0)
    assert clipped([rng.poisson(0.05, (64, 64))]) == 0
    assert clipped([np.minimum(rng.poisson(300, (64, 64)), 365)]) == 0
    assert clipped([np.minimum(rng.poisson(4060, (64, 64)), 4095)]) > 800
    assert clipped([np.minimum(rng.poisson(4060, (64, 64)), 4095) << 4]) > 800
    assert clipped([rng.integers(0, 256, (64, 64))]) == 0
    path = plain(tmp_path / "few.tif", rng.poisson(0.05, (5, 64, 64)).astype("u2"))
    assert open_movie(path, **SAID).frames == 5


@pytest.mark.parametrize("broken", [0, np.nan])
def test_a_frame_that_shows_nothing_is_named(tmp_path, broken):
    images = BOTH[:, 0].astype(np.float32)
    images[4] = broken
    movie = open_movie(plain(tmp_path / "lost.tif", images), **SAID)
    with pytest.raises(DataError, match="lost.tif: frame 4"):
        list(movie.channels[0])


def test_an_axis_that_may_be_time_is_named_with_what_to_say(tmp_path):
    path, image = tmp_path / "a.tif", tiffs.planes(30, 1)[:, 0]
    tifffile.imwrite(path, image, imagej=True, metadata={"axes": "CYX"})
    refused("C 30.*if C is time, axes: TYX", path, **SAID)
    assert open_movie(path, axes="TYX", **SAID).frames == 30
    plain(path, image[0])
    refused("one frame is no movie; give the file with all frames; if", path, **SAID)


def test_both_scales_that_nobody_says_are_asked_for_at_once(tmp_path):
    path = tmp_path / "a.tif"
    plain(path, tiffs.planes(30, 1)[:, 0])
    refused("size of a pixel; give pixel_nm. And .* give interval_s", path)
    refused("a.tif: the metadata do not say the time.*interval_s$", path, pixel_nm=100)


def micromanager(folder, times_ms, version=2):
    """A folder of images, a file each, with the metadata.txt of version 1 or 2."""
    folder.mkdir()
    written = {"Summary": {"PixelSize_um": 0, "Interval_ms": 0, "Channels": 2}}
    for t, time in enumerate(times_ms):
        for c, channel in enumerate(("DNA", "Pol")):
            name = f"img_{t:09}_{channel}_000.tif"
            plain(folder / name, BOTH[t, c])
            about = {"ElapsedTime-ms": int(time) + 40 * c, "PixelSizeUm": 0.16}
            if version == 2:
                written[f"Coords-Default/{name}"] = {"Frame": t}
                written[f"Metadata-Default/{name}"] = about
            else:
                written[f"FrameKey-{t}-{c}-0"] = about | {"FileName": name}
    (folder / "metadata.txt").write_text(json.dumps(written, indent=1))
    return folder


@pytest.mark.parametrize("version", [1, 2])
def test_micromanagers_images_a_file_each_say_their_scales(tmp_path, version):
    folder = micromanager(tmp_path / "a", 500 * np.arange(6) + 7, version)
    movie = open_movie(f"{folder}/*_DNA_*", f"{folder}/*_Pol_*")
    assert (movie.pixel_nm, movie.interval_s) == (160, 0.5)
    assert same(movie.channels[1], BOTH[:, 1])
    stalled = micromanager(tmp_path / "b", [0, 500, 1000, 1500, 9000, 9500], version)
    refused("0.5 s by .*frames and 7.5 s by .*frame 3 to 4", f"{stalled}/*_DNA_*")
    assert open_movie(f"{stalled}/*_DNA_*", interval_s=0.5).interval_s == 0.5


@pytest.mark.parametrize("text", ['{"Summary": {', "[1, 2]", '{"a": 3}', "exposure 3"])
def test_a_metadata_txt_of_another_kind_says_nothing_and_is_named(
    tmp_path, caplog, text
):
    folder = micromanager(tmp_path / "a", 500 * np.arange(6))
    (folder / "metadata.txt").write_text(text)
    refused("give pixel_nm. And .* give interval_s", f"{folder}/*_DNA_*")
    assert "metadata.txt: is not Micro-Manager's, or damaged" in caplog.text
