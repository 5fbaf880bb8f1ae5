"""What programs call the columns of their tables of tracks or spots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from awd.errors import DataError

ROLES = ("track", "frame", "x", "y", "master", "slave", "slave_p")
OTHER = "a table"  # of a program that is not known
READ = (*ROLES, "category")  # what is read as numbers; a category is of cmeAnalysis


@dataclass(frozen=True)
class Format:
    """A program's table: by role the names that a column can have, the likeliest first.

    Parameters
    ----------
    name : str
    columns : mapping of str to sequence of str
        By role (:data:`READ` and ``time``); those of ``frame``, ``x`` and ``y`` must be
        there, and ``track`` where the table is of tracks.
    unit : str, optional
        Of positions; None where the table says it itself.
    first_frame, first_pixel : int
        Number of the first frame, and of the first pixel along a row or column.
    time_unit : str, optional
        Of the times; None where it stands in a row below the names.
    mark : str, optional
        A column that no other program's table has.
    """

    name: str
    columns: Mapping[str, Sequence[str]]
    unit: str | None = "px"
    first_frame: int = 0
    first_pixel: int = 0
    time_unit: str | None = None
    mark: str | None = None

    @property
    def has_units_below(self) -> bool:
        """Whether rows of names and units may stand below the first."""
        return "time" in self.columns and self.time_unit is None

    def fits(self, names: Sequence[str]) -> bool:
        """Whether a table with columns of these names is of this program."""
        needed = [role for role in ("track", "frame", "x", "y") if role in self.columns]
        marked = self.mark is None or self.mark in names
        return marked and all(self.found(role, names) for role in needed)

    def found(self, role: str, names: Sequence[str]) -> str | None:
        """The column of a role among the names of a table."""
        held = (name for name in self.columns.get(role, ()) if name in names)
        return next(held, None)


# TrackMate before 7 counts no channels; whoever measures no intensity has a quality.
TRACKMATE = {
    "master": [
        "MEAN_INTENSITY_CH1",
        "MEAN_INTENSITY01",
        "MEAN_INTENSITY",
        "TOTAL_INTENSITY_CH1",
        "TOTAL_INTENSITY",
        "QUALITY",
    ],
    "slave": ["MEAN_INTENSITY_CH2", "MEAN_INTENSITY02", "TOTAL_INTENSITY_CH2"],
}
FORMATS = (
    Format(
        "TrackMate",
        {
            "track": ["TRACK_ID"],
            "frame": ["FRAME"],
            "x": ["POSITION_X"],
            "y": ["POSITION_Y"],
            "time": ["POSITION_T"],
            **TRACKMATE,
        },
        unit=None,
    ),
    Format(
        "awd",
        {
            "track": ["track"],
            "frame": ["frame"],
            "x": ["x_px"],
            "y": ["y_px"],
            "master": ["master"],
            "slave": ["slave"],
            "slave_p": ["slave_p"],
            "category": ["category"],
            "time": ["time_s"],
        },
        time_unit="s",
    ),
    Format(  # as scripts of its users write ProcessedTracks.mat, of one channel or two
        "cmeAnalysis",
        {
            "track": ["trackId"],
            "frame": ["frameId", "f"],
            "x": ["m_x", "x"],
            "y": ["m_y", "y"],
            "master": ["m_A", "A"],
            "slave": ["s_A"],
            "slave_p": ["s_pValue"],
            "category": ["catIdx"],
            "time": ["time[s]", "t"],
        },
        first_frame=1,
        first_pixel=1,
        time_unit="s",
        mark="trackId",
    ),
    Format(
        "trackpy",
        {
            "track": ["particle"],
            "frame": ["frame"],
            "x": ["x"],
            "y": ["y"],
            "master": ["mass", "signal"],
        },
    ),
    Format(
        "btrack",
        {
            "track": ["ID"],
            "frame": ["t"],
            "x": ["x"],
            "y": ["y"],
            "master": ["intensity", "mean_intensity", "intensity_mean", "mass"],
        },
        mark="parent",
    ),
    Format(
        "laptrack",
        {
            "track": ["track_id"],
            "frame": ["frame", "frame_y"],
            "x": ["x", "position_x", "POSITION_X", "centroid-1"],
            "y": ["y", "position_y", "POSITION_Y", "centroid-0"],
            "master": ["intensity", "intensity_mean", "mean_intensity", "mass"],
        },
        mark="tree_id",
    ),
    Format(
        "napari",
        {"track": ["track_id", "ID"], "frame": ["t", "T"], "x": ["x", "X"]}
        | {"y": ["y", "Y"], "master": ["intensity", "intensity_mean"]},
    ),
    Format(
        "ThunderSTORM",
        {
            "frame": ["frame"],
            "x": ["x [nm]"],
            "y": ["y [nm]"],
            "master": ["intensity [photon]", "intensity [au]"],
        },
        unit="nm",
        first_frame=1,
    ),
    Format(
        "Picasso",
        {"frame": ["frame"], "x": ["x"], "y": ["y"], "master": ["photons"]},
        mark="photons",
    ),
)


def of(names: Sequence[str], given: Mapping[str, str | None], path: object) -> Format:
    """The format of a table, with the columns that a user names in place of its own.

    Raises
    ------
    DataError
        It is of no program that is known, and the user does not say enough; or a column
        that is named is not there, or named twice.
    """
    named = {role: [name] for role, name in given.items() if name is not None}
    for role, (name,) in named.items():
        if role not in ROLES:
            raise DataError(
                f"{path}: columns name {role!r}; expected some of {', '.join(ROLES)}"
            )
        if name not in names:
            raise DataError(
                f"{path}: no column {name} for the {role}; it has {listed(names)}. "
                "Name another, or export it"
            )
    for form in FORMATS:
        if form.fits(names):
            return replace(form, columns={**form.columns, **named}, mark=None)
    lacking = [role for role in ("frame", "x", "y") if role not in named]
    if lacking:
        raise DataError(
            f"{path}: columns {listed(names)} are of no program that is known "
            f"({', '.join(form.name for form in FORMATS)}); say what they are by "
            "columns: {track: ..., frame: ..., x: ..., y: ..., master: ..., slave: ...}"
        )
    return Format(OTHER, named, unit=None)


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names of columns, for errors."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(name[:24] for name in names[:most]) + more
