"""TIFF files as microscopes write them, made by hand where no library writes them."""

import json
import struct

import numpy as np
import tifffile

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
INLINE = {2: 1, 3: 2, 4: 4, 5: 8}  # bytes of a value by its type
SUMMARY = {"MicroManagerVersion": "2.0", "Prefix": "a", "TimeFirst": False}


def stack(images, header=b"", tags=None, metadata=()):
    """Bytes of a TIFF with 13 tags a page, the image right behind, as Micro-Manager's.

    ``header`` stands between the first 8 bytes and the first page, ``tags`` are more of
    the first page, {code: (type, values)}. Returns the bytes and the pages' offsets.
    """
    start = 8 + len(header) + len(header) % 2
    body, offsets = bytearray(start), []
    body[:8] = struct.pack("<2sHI", b"II", 42, start)
    body[8 : 8 + len(header)] = header
    for k, image in enumerate(images):
        at = len(body)
        offsets.append(at)
        height, width = image.shape
        text = metadata[k] if k < len(metadata) else b"{}  "
        pixels = at + 2 + 13 * 12 + 4
        behind = pixels + image.nbytes
        entries = {
            256: (4, width),
            257: (4, height),
            258: (3, 8 * image.itemsize),
            259: (3, 1),
            262: (3, 1),
            273: (4, pixels),
            277: (3, 1),
            278: (4, height),
            279: (4, image.nbytes),
            282: (5, behind),
            283: (5, behind),
            296: (3, 1),
            51123: (2, behind + 8),
        }
        counts = {51123: len(text)}
        rest = bytearray(struct.pack("<II", 1, 1) + text)
        for code, (kind, values) in (tags or {}).items() if k == 0 else ():
            del entries[{33628: 283, 33629: 282, 33630: 296, 33631: 51123}[code]]
            entries[code] = (kind, behind + len(rest))
            counts[code] = len(values) // INLINE[kind]
            rest += values
        ifd = struct.pack("<H", len(entries))
        for code in sorted(entries):
            kind, value = entries[code]
            ifd += struct.pack("<HHII", code, kind, counts.get(code, 1), value)
        following = behind + len(rest) + len(rest) % 2
        ifd += struct.pack("<I", following if k < len(images) - 1 else 0)
        ifd += bytes(pixels - at - len(ifd))
        body += ifd + image.tobytes() + rest + bytes(len(rest) % 2)
    return body, offsets


def mmstack(path, data, written=None, elapsed=None, **summary):
    """A Micro-Manager stack of images (R, T, C, Y, X), as its format page says."""
    positions, frames, channels = data.shape[:3]
    says = {
        **SUMMARY,
        "Channels": channels,
        "Slices": 1,
        "Frames": frames,
        "Positions": positions,
        **summary,
    }
    text = json.dumps(says).encode()
    order = [
        (c, 0, t, r)
        for r in range(positions)
        for t in range(frames)
        for c in range(channels)
    ]
    order = order[:written]
    images = [data[r, t, c] for c, _, t, r in order]
    head = struct.pack(
        "<8I", 54773648, 0, 483765892, 0, 99384722, 0, 2355492, len(text)
    )
    body, offsets = stack(images, head + text)
    struct.pack_into("<I", body, 12, len(body))
    body += struct.pack("<II", 3453623, len(order))
    for index, offset in zip(order, offsets, strict=True):
        body += struct.pack("<5I", *index, offset)
    path.write_bytes(body)
    return path


def ndtiff(
    folder, data, interval_ms=500.0, pixel_um=0.1, names=("RFP", "GFP"), z=False
):
    """An NDTiff dataset of images (T, C, Y, X), or (T, Z, Y, X), version 3.3."""
    folder.mkdir()
    name, text = "a_NDTiffStack.tif", json.dumps({"PixelSize_um": pixel_um}).encode()
    head = struct.pack("<5I", 483729, 3, 3, 2355492, len(text)) + text
    order = [(t, c) for t in range(data.shape[0]) for c in range(data.shape[1])]
    says = [
        json.dumps(
            {"ElapsedTime-ms": t * interval_ms, "PixelSizeUm": pixel_um}
        ).encode()
        for t, _ in order
    ]
    body, offsets = stack([data[t, c] for t, c in order], head, metadata=says)
    index, size = b"", data[0, 0].nbytes
    for (t, c), offset, meta in zip(order, offsets, says, strict=True):
        axes = json.dumps(
            {"time": t, "z": c} if z else {"time": t, "channel": names[c]}
        )
        pixels = offset + 2 + 13 * 12 + 4
        index += struct.pack("<I", len(axes)) + axes.encode()
        index += struct.pack("<I", len(name)) + name.encode()
        numbers = pixels, data.shape[3], data.shape[2], 1, 0, pixels + size + 8
        index += struct.pack("<IiiiiIii", *numbers, len(meta), 0)
    (folder / name).write_bytes(body)
    (folder / "NDTiff.index").write_bytes(index)
    return folder


def stk(path, images, interval_ms=200, calibration=0.1):
    """A MetaMorph STK: one page, all planes behind it, what it says in UIC tags."""
    count = len(images)
    planes, steps = b"", b""
    for t in range(count):
        planes += struct.pack("<6I", 0, 1, 2459000, 3_600_000 + t * interval_ms, 0, 0)
        steps += struct.pack("<2I", 0, 1)
    xy = struct.pack("<II", round(calibration * 1000), 1000)
    body, (offset,) = stack(
        [images[0]],
        tags={33628: (4, b""), 33629: (5, planes), 33630: (5, steps)},
    )
    # The pixels of all planes at the end of the file, and the strip moved there.
    pairs = b""
    values = {4: len(body), 5: len(body) + 8}
    body += xy + xy
    for code, at in ((4, values[4]), (5, values[5])):
        pairs += struct.pack("<II", code, at)
    at_pairs = len(body)
    body += pairs
    at_pixels = len(body)
    body += images.tobytes()
    for k in range(13):
        entry = offset + 2 + 12 * k
        code, kind, number, _ = struct.unpack_from("<HHII", body, entry)
        if code == 273:
            struct.pack_into("<HHII", body, entry, code, kind, number, at_pixels)
        elif code == 33628:
            struct.pack_into("<HHII", body, entry, code, 4, 2, at_pairs)
        elif code in (33629, 33630):
            struct.pack_into("<HHI", body, entry, code, kind, count)
    path.write_bytes(body)
    return path


def lsm(path, data, interval_s=0.5, pixel_um=0.1):
    """A Zeiss LSM of images (T, C, Y, X): a thumbnail behind every frame.

    Of 1 or of 3 channels: of 2, Zeiss's own way to say their bits is not written.
    """
    frames, channels, height, width = data.shape
    fields = np.dtype(
        tifffile.TIFF.CZ_LSMINFO[: tifffile_fields("OffsetNextRecording")]
    )
    info = np.zeros((), fields)
    for name, value in {
        "MagicNumber": 67127628,
        "StructureSize": fields.itemsize,
        "DimensionX": width,
        "DimensionY": height,
        "DimensionZ": 1,
        "DimensionChannels": channels,
        "DimensionTime": frames,
        "DataType": 2,  # 12 bits in uint16
        "ScanType": 6,  # a plane over time
        "VoxelSizeX": pixel_um * 1e-6,
        "VoxelSizeY": pixel_um * 1e-6,
        "TimeIntervall": interval_s,
    }.items():
        info[name] = value
    tag = (34412, 1, fields.itemsize, info.tobytes(), True)
    how = {"photometric": "minisblack", "metadata": None}
    how |= {"planarconfig": "separate"} if channels > 1 else {}
    with tifffile.TiffWriter(path, byteorder="<") as file:
        for t, frame in enumerate(data):
            file.write(frame, extratags=[tag] if t == 0 else [], **how)
            small = frame[:, ::4, ::4].astype(np.uint8)
            file.write(small, subfiletype=1, **how)
    return path


def tifffile_fields(last):
    """How many fields of a LSM's header there are up to one of them."""
    return [name for name, _ in tifffile.TIFF.CZ_LSMINFO].index(last) + 1


def ome(path, data, told=None, uuid=None, files=None, **pixels):
    """An OME-TIFF of images (T, C, Y, X); ``told`` are the frames that its XML says."""
    frames, channels, height, width = data.shape
    said = {"PhysicalSizeX": 0.1, "TimeIncrement": 1, **pixels}
    parts = []
    for t in range(told or frames):
        for c in range(channels):
            at = files[c] if files else None
            inside = f'<UUID FileName="{at[0]}">{at[1]}</UUID>' if at else ""
            ifd = t if files else t * channels + c
            first = f'FirstC="{c}" FirstT="{t}" FirstZ="0" IFD="{ifd}" PlaneCount="1"'
            parts.append(f"<TiffData {first}>{inside}</TiffData>")
    listed = "".join(
        f'<Channel ID="Channel:0:{c}" SamplesPerPixel="1"/>' for c in range(channels)
    )
    planes = "".join(
        f'<Plane TheC="0" TheZ="0" TheT="{t}" DeltaT="{time}"/>'
        for t, time in enumerate(said.pop("times", ()))
    )
    known = " ".join(f'{name}="{value}"' for name, value in said.items() if value)
    own = f' UUID="{uuid}"' if uuid else ""
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{OME}"{own}>'
        '<Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" '
        f'SizeX="{width}" SizeY="{height}" SizeC="{channels}" SizeZ="1" '
        f'SizeT="{told or frames}" {known}>'
        f"{listed}{''.join(parts)}{planes}</Pixels></Image></OME>"
    )
    mine = [k for k, at in enumerate(files or []) if at[0] == path.name]
    mine = mine or list(range(channels))
    with tifffile.TiffWriter(path) as writer:
        for k, image in enumerate(data[:, mine].reshape(-1, height, width)):
            writer.write(
                image,
                contiguous=False,
                description=text.encode() if k == 0 else None,
                metadata=None,
                photometric="minisblack",
            )
    return path


def planes(frames, channels, seed=0, size=(24, 32)):
    """Images (T, C, Y, X) that tell their place: 100 t + 1000 c, and noise."""
    rng = np.random.default_rng(seed)
    place = 100 * np.arange(frames)[:, None] + 1000 * np.arange(channels)
    noise = rng.poisson(50, (frames, channels, *size))
    return (place[..., None, None] + noise).astype(np.uint16)
