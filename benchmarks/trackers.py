"""What the tracker is measured against: detectors and linkers of other packages.

A detector is ``(movie, height, sigma) -> table of frame, x, y``, where the threshold is
what the package reports for a spot of that height; a linker is
``(table, radius) -> table with a column track``.
"""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd

# As shares of what the package reports for a spot of the movie's amplitude, no noise.
THRESHOLDS = np.geomspace(0.25, 1.25, 10)


def scipy_maxima(movie, height, sigma):
    """Maxima of the Laplacian of Gaussian, placed by a parabola; scipy.ndimage."""
    from scipy import ndimage

    found = []
    for frame, image in enumerate(movie):
        response = -ndimage.gaussian_laplace(image.astype(np.float32), sigma)
        size = 2 * int(np.ceil(sigma)) + 1
        top = ndimage.maximum_filter(response, size) == response
        top &= response > height * peak_response(sigma)
        top[[0, -1], :], top[:, [0, -1]] = False, False
        y, x = np.nonzero(top)
        place = []
        for at, step in ((x, (0, 1)), (y, (1, 0))):
            before = response[y - step[0], x - step[1]]
            after = response[y + step[0], x + step[1]]
            here = response[y, x]
            bend = before + after - 2 * here
            place.append(at - (after - before) / (2 * np.minimum(bend, -1e-9)))
        found.append(points(frame, *place))
    return pd.concat(found, ignore_index=True)


def skimage_log(movie, height, sigma):
    """``skimage.feature.blob_log`` at the one width of the spots."""
    from skimage.feature import blob_log

    # It multiplies the response by sigma squared.
    low = height * peak_response(sigma) * sigma**2
    return _blobs(blob_log, movie, low, sigma, num_sigma=1)


def skimage_dog(movie, height, sigma):
    """``skimage.feature.blob_dog`` at the one width of the spots."""
    from skimage.feature import blob_dog

    ratio = 1.6
    # A spot in the difference of Gaussians of sigma and ratio * sigma, as it scales it.
    peak = 1 / 2 - 1 / (1 + ratio**2)
    low = height * peak / (ratio - 1)
    return _blobs(blob_dog, movie, low, sigma, sigma_ratio=ratio)


def trackpy_locate(movie, height, sigma):
    """``trackpy.locate``: centroids after a band-pass, by integrated brightness."""
    import trackpy

    trackpy.quiet()
    mass = height * 2 * np.pi * sigma**2
    found = [
        points(frame, *trackpy.locate(image, 9, minmass=mass)[["x", "y"]].to_numpy().T)
        for frame, image in enumerate(movie)
    ]
    return pd.concat(found, ignore_index=True)


def trackpy_link(table, radius):
    """``trackpy.link`` with its memory of two frames."""
    import trackpy

    trackpy.quiet()
    linked = trackpy.link(table[["frame", "x", "y"]].copy(), radius, memory=2)
    return linked.rename(columns={"particle": "track"})


def laptrack_link(table, radius):
    """``laptrack`` with gaps of two frames, no splitting or merging."""
    from laptrack import LapTrack

    logging.getLogger("laptrack").setLevel(logging.ERROR)
    tracker = LapTrack(
        cutoff=radius**2, gap_closing_cutoff=radius**2, gap_closing_max_frame_count=2
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        linked, *_ = tracker.predict_dataframe(
            table, ["x", "y"], frame_col="frame", only_coordinate_cols=False
        )
    linked = linked.reset_index(drop=True)
    return linked[["frame", "x", "y"]].assign(track=linked["track_id"])


DETECTORS = {
    "scipy": scipy_maxima,
    "skimage blob_log": skimage_log,
    "skimage blob_dog": skimage_dog,
    "trackpy": trackpy_locate,
}
LINKERS = {"trackpy": trackpy_link, "laptrack": laptrack_link}


def peak_response(sigma: float) -> float:
    """Response of :func:`scipy.ndimage.gaussian_laplace` to a spot of height 1."""
    return 1 / (2 * sigma**2)


def points(frame: int, x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"frame": frame, "x": x, "y": y})


def _blobs(function, movie, threshold, sigma, **options):
    found = []
    for frame, image in enumerate(movie):
        blobs = function(
            image.astype(np.float32),
            min_sigma=sigma,
            max_sigma=sigma,
            threshold=threshold,
            **options,
        )
        found.append(points(frame, blobs[:, 1], blobs[:, 0]))
    return pd.concat(found, ignore_index=True)
