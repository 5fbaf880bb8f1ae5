"""From the planes of a file to the channels of a movie: depth, turns, lost frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from awd.cells.channel import Frames
from awd.cells.readers.tiff import Recording
from awd.errors import DataError
from awd.log import log


def channels_of(
    recording: Recording, z: int | str | None, interleaved: int, several: bool
) -> list[Frames]:
    """The channels of one file, those frames of them that were recorded.

    Parameters
    ----------
    recording : Recording
    z : int or "max", optional
        Which plane of a stack, from 0, or the maximum over all.
    interleaved : int
        Channels whose frames follow each other in turn; 1 if they do not.
    several : bool
        Whether a movie is of several files: each then gives what stands in it.

    Raises
    ------
    DataError
        Depth is left open, a frame between was never written, or there is only one.
    """
    letters = "".join(recording.lengths)
    lacking = [letter for letter in "TCZ" if letter not in letters]
    form = (*recording.lengths.values(), *(1 for _ in lacking))
    order = [(letters + "".join(lacking)).index(letter) for letter in "TCZ"]
    numbers = np.arange(recording.written.size).reshape(form).transpose(order)
    numbers = _separated(recording, _at_depth(recording, numbers, z), interleaved)
    if several:
        numbers = _in_file(recording, numbers)
    count = _written(recording, numbers)
    if count < 2:
        time = _as_time(recording.lengths)
        raise DataError(
            f"{recording.name}: {recording.axes}: one frame is no movie; give the file "
            f"with all frames{time}; if there should be more, the file is truncated"
        )
    many = numbers.shape[1] > 1
    return [
        Frames(
            f"{recording.name}, channel {c}" if many else recording.name,
            count,
            recording.shape,
            _reader(recording, numbers[:, c]),
        )
        for c in range(numbers.shape[1])
    ]


def _as_time(lengths: Mapping[str, int]) -> str:
    """What to say where another axis than T, of a file of one frame, may be time."""
    longest = max(lengths, key=lambda letter: lengths[letter], default="T")
    if lengths.get(longest, 1) < 2 or "T" in lengths:
        return ", or say by axes which is time" if len(lengths) > 1 else ""
    letters = "".join(lengths).replace(longest, "T")
    return f", or, if {longest} is time, axes: {letters}YX"


def _written(recording: Recording, numbers: np.ndarray) -> int:
    """Frames that were written, of all channels; later ones than a lost one may not."""
    written = recording.written.ravel()[numbers].all((1, 2))
    count = len(written) if written.all() else int(written.argmin())
    if written[count:].any():
        raise DataError(
            f"{recording.name}: frame {count} of {len(written)} was not written, and "
            "later ones were; export the frames that are whole as a movie of their own"
        )
    if count < len(written):
        log.warning(
            f"{recording.name}: the recording was stopped: of {len(written)} frames "
            f"{count} were written, and these are used"
        )
    return count


def _reader(recording: Recording, planes: np.ndarray) -> Callable[[int], np.ndarray]:
    """Function of the frame; ``planes`` (T, Z) are its planes, of which the maximum."""

    def read(t: int) -> np.ndarray:
        image = recording.read(int(planes[t, 0]))
        for plane in planes[t, 1:]:
            image = np.maximum(image, recording.read(int(plane)))
        return image

    return read


def _at_depth(
    recording: Recording, numbers: np.ndarray, z: int | str | None
) -> np.ndarray:
    """Numbers (T, C, Z) of the planes of one depth, or of all for their maximum."""
    depth = numbers.shape[2]
    if z == "max" or (z is None and depth == 1):
        return numbers
    if z is None or not 0 <= int(z) < depth:
        raise DataError(
            f"{recording.name}: {recording.axes}: a movie has one plane a frame; say "
            f"which of Z by z: 0 to {depth - 1}, or z: max for the maximum over all"
        )
    return numbers[:, :, [int(z)]]


def _separated(
    recording: Recording, numbers: np.ndarray, interleaved: int
) -> np.ndarray:
    """Numbers of planes with channels apart whose frames follow each other."""
    if interleaved == 1:
        return numbers
    if numbers.shape[1] > 1:
        raise DataError(
            f"{recording.name}: {recording.axes}: it has channels already; leave "
            "interleaved out"
        )
    count = len(numbers) // interleaved
    if len(numbers) % interleaved:
        log.warning(
            f"{recording.name}: {len(numbers)} frames are not a multiple of "
            f"interleaved: {interleaved}; the last {len(numbers) % interleaved} are "
            "left out"
        )
    whole = numbers[: count * interleaved, 0]
    return whole.reshape(count, interleaved, numbers.shape[2])


def _in_file(recording: Recording, numbers: np.ndarray) -> np.ndarray:
    """Channels that stand in the file that was named, of a set of several."""
    written = recording.written.ravel()[numbers]
    here = recording.in_file.ravel()[numbers]
    whole = here.all((0, 2))
    if not whole.any() and written.any():  # frames never written are in no file
        whole = (here | ~written).all((0, 2))
    if not whole.any():
        raise DataError(
            f"{recording.name}: belongs to a set of files in which no channel stands "
            "in one file; name only the first file of the set"
        )
    return numbers[:, whole]
