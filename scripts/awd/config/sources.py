"""What can be configured of where cells come from: simulated, movies, tracks.

Part of :mod:`awd.config.cells`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from awd.cells.readers.formats import FORMATS
from awd.cells.study import FEW_CELLS
from awd.config.common import Count, File, Name, Strict

AXES = r"^[A-Za-z]{0,6}[Yy][Xx]$"

# What people call the kinds of a source, in letters only: programs, and kinds of file.
KINDS = {
    **{form.name.lower(): "csv" for form in FORMATS},
    **dict.fromkeys(("table", "tables", "xml", "tracks", "spots", "txt"), "csv"),
    **dict.fromkeys(
        ("tif", "tiff", "ome", "ometiff", "imagej", "stk", "lsm"), "movies"
    ),
    **dict.fromkeys(("micromanager", "ndtiff", "images", "sequence"), "movies"),
    **dict.fromkeys(("cmeanalysis", "matlab", "mat"), "processed_tracks"),
    "tracksfinal": "utrack",
    "simulated": "simulate",
}

LEAST_NM = 10  # of a pixel

Channel = Annotated[int, Field(ge=0, lt=100)]
Point = Annotated[
    list[Annotated[float, Field(ge=-1e5, le=1e5)]], Field(min_length=2, max_length=2)
]
Shift = Annotated[
    list[Annotated[float, Field(ge=-50, le=50)]], Field(min_length=2, max_length=2)
]


def _rising(ends: list[int]) -> list[int]:
    if not ends[0] < ends[1]:
        raise PydanticCustomError(
            "rising", "the first number has to be the smaller one"
        )
    return ends


Range = Annotated[
    list[Annotated[int, Field(ge=0, le=1_000_000)]],
    Field(min_length=2, max_length=2),
    AfterValidator(_rising),
]


class CellSource(Strict):
    """Where the cells come from; ``inputs`` are the files of every cell by its name."""

    def inputs(self) -> dict[str, list[str]]:
        return {}

    def names(self) -> list[str]:
        return list(self.inputs())

    def groups(self, tiles: int) -> int:
        """Groups of the splits: the cells, or the tiles of a few."""
        count = len(self.names())
        return count if count >= FEW_CELLS else count * tiles**2

    @property
    def shown(self) -> tuple[str, ...]:
        """What the channels show, where the configuration does not say it."""
        return ("master", "slave", "third")[: self.channel_count]

    @property
    def channel_count(self) -> int:
        """Channels that are read along the tracks."""
        return 2

    @property
    def has_p_values(self) -> bool:
        """Whether every frame of the slave is tested."""
        return self.channel_count > 1

    def told(self, cell: str) -> dict[str, Any]:
        """What holds for one cell: its own settings over those of all."""
        return {}


class SimulatedCells(CellSource):
    """Cells from the simulator, with or without a microscope."""

    preset: Literal["teaching", "realistic", "crowded"] = Field(
        "teaching", description="How much of the slave's burst the master explains."
    )
    cells: Annotated[int, Field(ge=1, le=2000)] = Field(
        8, description="Cells; each one is a group."
    )

    def names(self) -> list[str]:
        return [f"cell{k}" for k in range(self.cells)]

    @property
    def shown(self) -> tuple[str, ...]:
        return "clathrin", "auxilin"


class SimulatedMovies(SimulatedCells):
    """Two-channel movies of simulated cells, which are then tracked."""

    kind: Literal["simulated_movies"]
    frames: int = Field(
        300, ge=20, le=100_000, description="Length of a movie, one frame a second."
    )
    size: int = Field(
        256, ge=64, le=8192, description="Side of the field, px of 80 nm."
    )
    tracked: bool = Field(
        True,
        description="false: the true tracks with the errors of the read-out only, to "
        "see what tracking costs.",
    )


class SimulatedTraces(SimulatedCells):
    """Traces from the simulator, without the microscope."""

    kind: Literal["simulate"]
    tracks: Count = Field(800, description="Tracks simulated per cell.")


def _in_nm(given: Any) -> Any:
    if type(given) in (int, float) and LEAST_NM / 1000 <= given < LEAST_NM:
        raise PydanticCustomError(
            "micrometres",
            "expected nm, from {least}; these may be micrometres: pixel_nm: {meant}",
            {"least": LEAST_NM, "meant": f"{1000 * given:.6g}"},
        )
    return given


class Scales(Strict):
    """What is said of all cells, or of one of them."""

    pixel_nm: Annotated[float | None, BeforeValidator(_in_nm)] = Field(
        None,
        ge=LEAST_NM,
        le=20_000,
        description="Size of a pixel, nm; by default what the files say.",
    )
    interval_s: float | None = Field(
        None,
        ge=1e-5,
        le=86_400,
        description="Time between frames, s; by default what the files say.",
    )
    mask: File | list[Point] | None = Field(
        None,
        description="Where tracks are kept: an image (all but 0), an ImageJ `.roi` or "
        "`.zip`, or the corners [x, y] of a polygon, px.",
    )


class Crop(Strict):
    """A part of every image, px from 0; the second number is one past the last."""

    x: Range | None = Field(None, description="From the left to the right.")
    y: Range | None = Field(None, description="From the top to the bottom.")


class Opening(Scales):
    """How movies are opened, where that has to be said."""

    axes: str | None = Field(
        None,
        pattern=AXES,
        description="Axes of the files (TYX, TCYX ...), if they say them wrongly.",
    )
    series: Annotated[int, Field(ge=0, lt=10_000)] | None = Field(
        None, description="Which of several series or positions of a file, from 0."
    )
    z: Annotated[int, Field(ge=0, lt=10_000)] | Literal["max"] | None = Field(
        None, description="Which plane of a stack, from 0; max: their maximum."
    )
    interleaved: Annotated[int, Field(ge=1, le=10)] | None = Field(
        None, description="Channels whose frames follow each other in turn."
    )
    halves: Literal["left-right", "top-bottom"] | None = Field(
        None, description="Channels are the halves of one image, in this order."
    )
    crop: Crop | None = Field(
        None, description="A part of every channel's image; by default all of it."
    )


class MovieOfCell(Opening):
    """The files of a cell, and what holds for it alone."""

    files: list[File] = Field(
        min_length=1,
        description="Files, folders or patterns (`*`): of the master and the slave, or "
        "one with both; also the list alone in place of this section.",
    )


class TracksOfCell(Scales):
    """The file of a cell, and what holds for it alone."""

    file: File = Field(description="Its file; also the name alone.")


def _files(given: Any) -> Any:
    """A list of files, or one, is short for a section that says only that."""
    given = [given] if isinstance(given, str) else given
    return {"files": given} if isinstance(given, list) else given


def _file(given: Any) -> Any:
    return {"file": given} if isinstance(given, str) else given


def _told(of_all: Scales, of_one: Scales) -> dict[str, Any]:
    """Settings of one cell: what it says itself, or else what is said of all."""
    own = {k: v for k, v in of_one.model_dump().items() if v is not None}
    common = of_all.model_dump(include={*type(of_one).model_fields})
    return common | own


class Movies(Opening, CellSource):
    """Movies: TIFF, OME-TIFF, Micro-Manager, STK, LSM, sequences of images."""

    kind: Literal["movies"]
    shift: Literal["none", "auto", "affine"] | Shift = Field(
        "none",
        description="How far the slave stands from the master, [dy, dx] in px: it is "
        "read there; auto measures it from the spots of both, affine also how they are "
        "turned and magnified.",
    )
    files: dict[
        Name,
        Annotated[
            MovieOfCell,
            BeforeValidator(
                _files, json_schema_input_type=MovieOfCell | list[File] | File
            ),
        ],
    ] = Field(
        min_length=1,
        description="By name of the cell: its files, from the working directory.",
    )
    channels: list[Channel] = Field(
        [0, 1],
        min_length=1,
        max_length=3,
        description="Master, slave, and what is read along, among the channels of the "
        "files, from 0; of one channel there are tracks only.",
    )

    def inputs(self) -> dict[str, list[str]]:
        return {name: cell.files for name, cell in self.files.items()}

    @property
    def channel_count(self) -> int:
        return len(self.channels)

    def told(self, cell: str) -> dict[str, Any]:
        return _told(self, self.files[cell]) | {"channels": self.channels}


class TrackFiles(Scales, CellSource):
    """Tracks made elsewhere, one file per cell."""

    files: dict[
        Name,
        Annotated[
            TracksOfCell,
            BeforeValidator(_file, json_schema_input_type=TracksOfCell | File),
        ],
    ] = Field(
        min_length=1,
        description="By name of the cell: its file, from the working directory.",
    )

    def inputs(self) -> dict[str, list[str]]:
        return {name: [cell.file] for name, cell in self.files.items()}

    def told(self, cell: str) -> dict[str, Any]:
        return _told(self, self.files[cell]) | self.reading

    @property
    def reading(self) -> dict[str, Any]:
        """What the reader of its files is told beside their scales."""
        return {}


class FxycmsTraces(Scales, CellSource):
    """Tracks in FXYCMS files of cmeAnalysis."""

    kind: Literal["fxycms"]
    files: list[File] = Field(
        min_length=1, description="MATLAB files, relative to the working directory."
    )

    def inputs(self) -> dict[str, list[str]]:
        return {Path(file).stem: [file] for file in self.files}

    def told(self, cell: str) -> dict[str, Any]:
        return self.model_dump(include={*Scales.model_fields})

    @property
    def has_p_values(self) -> bool:
        return False


class ProcessedTracks(TrackFiles):
    """Tracks in ``ProcessedTracks.mat`` files of cmeAnalysis, MATLAB v5 or v7.3."""

    kind: Literal["processed_tracks"]
    channels: list[Channel] = Field(
        [0, 1],
        min_length=1,
        max_length=2,
        description="Master and slave among the channels of the files, from 0.",
    )

    @property
    def channel_count(self) -> int:
        return len(self.channels)

    @property
    def reading(self) -> dict[str, Any]:
        return {"channels": self.channels}


class Columns(Strict):
    """What columns are called, where the table is of no known program."""

    track: str | None = Field(
        None, description="Number of the track; without one, spots are linked here."
    )
    frame: str | None = Field(None, description="Number of the frame.")
    x: str | None = Field(None, description="Position along a row.")
    y: str | None = Field(None, description="Position along a column, downwards.")
    master: str | None = Field(None, description="Intensity of the master.")
    slave: str | None = Field(None, description="Intensity of the slave.")
    slave_p: str | None = Field(None, description="p-value of the slave.")


class TrackTables(TrackFiles):
    """Tables of tracks or spots: TrackMate, trackpy, btrack, laptrack, any other."""

    kind: Literal["csv"]
    columns: Columns = Columns()
    unit: Literal["px", "nm", "um"] | None = Field(
        None, description="Of the positions; by default as the program writes them."
    )
    first_frame: Literal[0, 1] | None = Field(
        None, description="Number of the first frame; by default the program's."
    )
    frames: Count | None = Field(
        None, description="Length of the movies; by default up to the last spot."
    )
    radius: float = Field(
        3.0, gt=0, le=50, description="Longest link of spots that are linked here, px."
    )
    gap: Annotated[int, Field(ge=0, le=100)] = Field(
        2, description="Frames in a row that such a spot may be missing."
    )

    @property
    def reading(self) -> dict[str, Any]:
        return self.model_dump(
            include={"columns", "unit", "first_frame", "frames", "radius", "gap"}
        )

    @property
    def has_p_values(self) -> bool:
        return self.columns.slave_p is not None


class UTrack(TrackFiles):
    """Tracks of u-track: ``tracksFinal`` in a MATLAB file; one channel."""

    kind: Literal["utrack"]

    @property
    def channel_count(self) -> int:
        return 1


Source = (
    SimulatedMovies
    | SimulatedTraces
    | Movies
    | FxycmsTraces
    | ProcessedTracks
    | TrackTables
    | UTrack
)
