"""TrackMate's XML: whole sessions, of every version, and tracks that were exported.

A session has spots and the edges between them; where an edge forks, a track ends and
others begin, so that none splits or merges.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from awd import extras, io
from awd.cells.readers.calibration import Calibration
from awd.errors import DataError, about

if TYPE_CHECKING:
    import pandas as pd

Spot = dict[str, str]


def read_xml(path: Path) -> tuple[pd.DataFrame, Calibration]:
    """Spots in tracks as a table with the columns of TrackMate's CSV, in text.

    The unit of positions stands below the names, as the file says it.

    Raises
    ------
    DataError
        It is no XML of TrackMate, or has no track.
    """
    with extras.needed(f"reading {path}"):
        import pandas as pd
    with about(str(path)), io.readable(path, "TrackMate XML"):
        root = ElementTree.parse(path).getroot()
        calibration, model = Calibration(), root.find("Model")
        if root.tag == "Tracks":
            spots = _exported(root, calibration)
            length, time = root.get("spaceUnits"), root.get("timeUnits")
        elif model is not None:
            spots = _session(root, model, calibration)
            length, time = model.get("spatialunits"), model.get("timeunits")
        else:
            raise DataError(
                f"{path}: no TrackMate XML; its root is {root.tag}, expected TrackMate "
                "or Tracks"
            )
    if not spots:
        raise DataError(
            f"{path}: no spot belongs to a track; save the session after tracking"
        )
    table = pd.DataFrame(spots)
    # As in the CSV, units stand below the names.
    units = dict.fromkeys(map(str, table), "") | {"FRAME": "unit"}
    units["POSITION_X"] = f"({length or 'no unit'})"
    if "POSITION_T" in table:
        units["POSITION_T"] = f"({time})"
    return pd.concat([pd.DataFrame([units] * 3), table], ignore_index=True), calibration


def _exported(root: ElementTree.Element, calibration: Calibration) -> list[Spot]:
    """Tracks exported as XML: particles with detections at frames t."""
    calibration.add_interval(
        "frameInterval", root.get("frameInterval"), root.get("timeUnits", "s")
    )
    return [
        {
            "TRACK_ID": str(k),
            "FRAME": str(spot.get("t")),
            "POSITION_X": str(spot.get("x")),
            "POSITION_Y": str(spot.get("y")),
        }
        for k, particle in enumerate(root.iter("particle"))
        for spot in particle.iter("detection")
    ]


def _session(
    root: ElementTree.Element, model: ElementTree.Element, calibration: Calibration
) -> list[Spot]:
    """Spots of a session's tracks that were not filtered out, segment by segment."""
    image = next(root.iter("ImageData"), None)
    if image is not None:
        for key in ("pixelwidth", "pixelheight"):
            calibration.add_pixel(key, image.get(key), model.get("spatialunits"))
        calibration.add_interval(
            "timeinterval", image.get("timeinterval"), model.get("timeunits")
        )
    spots = {spot.get("ID"): dict(spot.attrib) for spot in model.iter("Spot")}
    visible = {t.get("TRACK_ID") for t in model.iter("TrackID")}
    found, count = [], 0
    for track in model.iter("Track"):
        if visible and track.get("TRACK_ID") not in visible:
            continue
        for segment in _segments(track, spots):
            for spot in segment:
                found.append({**spots[spot], "TRACK_ID": str(count)})
            count += 1
    return found


def _segments(
    track: ElementTree.Element, spots: dict[str | None, Spot]
) -> list[list[str]]:
    """Unbranched parts of a track, each its spots in time."""
    following: dict[str, list[str]] = {}
    edges = []
    for edge in track.iter("Edge"):
        ends = sorted(
            (str(edge.get(k)) for k in ("SPOT_SOURCE_ID", "SPOT_TARGET_ID")),
            key=lambda name: float(spots[name]["FRAME"]),
        )
        if spots[ends[0]]["FRAME"] == spots[ends[1]]["FRAME"]:
            raise DataError(
                f"an edge joins spots {ends[0]} and {ends[1]} of one frame; expected "
                "frames that follow"
            )
        edges.append(ends)
        following.setdefault(ends[0], []).append(ends[1])
    before = Counter(end for _, end in edges)
    names = {name for ends in edges for name in ends}
    segments = []
    for name in sorted(names, key=lambda name: float(spots[name]["FRAME"])):
        parents = [a for a, b in edges if b == name] if before[name] == 1 else []
        if parents and len(following[parents[0]]) == 1:
            continue  # inside of a segment that began before
        segment = [name]
        while len(following.get(segment[-1], [])) == 1:
            (after,) = following[segment[-1]]
            if before[after] > 1:
                break
            segment.append(after)
        segments.append(segment)
    return segments
