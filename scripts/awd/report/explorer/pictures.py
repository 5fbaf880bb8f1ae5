"""Test images of a study of one split, and what its student reads of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import features, io
from awd.filters import kernels
from awd.league import splits
from awd.league.names import name_of
from awd.record import contracts
from awd.report.explorer.images import Images, Reads
from awd.report.figures.parts import shown_unit, with_unit
from awd.study import students

if TYPE_CHECKING:
    import pandas as pd

ORIENTATIONS = ("horizontal", "vertical", "diagonal")  # as pywt orders details
PICTURES, BINS = 40, 61  # test images that are shown; edges of their histograms


def called(part: splits.Part) -> list[str]:
    """What samples are called: with their group, where it holds more than one."""
    return [
        f"sample {row}" if group == str(row) else f"{group}, sample {row}"
        for group, row in zip(part.groups, part.rows, strict=True)
    ]


def images_of(
    given: Any, target: str, settings: Mapping[str, Any], method: str
) -> Images:
    """Test images of a split, as :func:`signals_of` of signals; their first channel."""
    student, known = students.taught(given, target, settings, method)
    with io.opened(given.samples, contracts.DATASET) as data:
        test, described = splits.part(data, "test", target), data["x"].attrs
    order = np.argsort(test.y, kind="stable")
    places = np.linspace(0, len(order) - 1, min(PICTURES, len(order))).astype(int)
    part = test.only(np.isin(np.arange(len(order)), order[places]))
    with io.opened(given.outputs, contracts.OUTPUTS) as answered:
        network, answer = next(iter(students.outputs(answered).items()))
        gradient = students.gradient(answered, network, part.rows)
    x = np.asarray(part.x, np.float32).reshape(len(part.y), -1, *part.x.shape[-2:])
    bands = _levels(x[:, 0], student)
    scale = bands.std(axis=(0, 2, 3))
    flat = bands.reshape(*bands.shape[:2], -1) / scale[:, None]
    low, high = np.quantile(flat, [0.001, 0.999]).tolist()
    edges = np.linspace(low, high, BINS)
    table = features.contributions(student, part.x, known.x)
    at, weights = _weights(student, table)
    return Images(
        x[:, 0],
        called(part),
        part.y[:, None],
        [target],
        {name_of(method): student.predict(part.x), name_of(network): answer[part.rows]},
        None if gradient is None else gradient.reshape(x.shape)[:, 0],
        bands,
        np.tile(edges, (bands.shape[1], 1)),
        np.array(
            [[np.histogram(b, edges, density=True)[0] for b in row] for row in flat]
        ),
        at / scale[:, None],
        weights,
        weighed="what each adds",
        reads=_reads(student, table, shown_unit(described["units"])),
        signal=with_unit(described["long_name"], described["units"]),
    )


def _levels(x: np.ndarray, student: features.Student) -> np.ndarray:
    """The loudest detail at every place, (n, levels, y, x), fine first."""
    bands = kernels.analysis(x, student.filter_, student.levels_, "zero", dims=2)
    out = []
    for level in bands[:0:-1]:
        three = np.stack(level)
        loud = np.take_along_axis(three, np.abs(three).argmax(0)[None], 0)[0]
        rows, columns = (
            np.arange(side) * have // side
            for side, have in zip(x.shape[1:], loud.shape[1:], strict=True)
        )
        out.append(loud[:, rows][:, :, columns])
    return np.stack(out, 1)


def _reads(student: features.Student, table: pd.DataFrame, unit: str) -> Reads:
    """What every feature of some images adds, with its name."""
    usual = table[table["kind"] == "intercept"]["contribution"].iloc[0]
    own = table[table["kind"] != "intercept"]
    first = own[own["sample"] == own["sample"].iloc[0]]
    rank = first.groupby(["channel", "band", "kind"]).cumcount() + 1
    names = []
    for row, k in zip(first.itertuples(), rank, strict=True):
        level = student.levels_ - (row.band - 1) // 3
        way = ORIENTATIONS[(row.band - 1) % 3]
        band = f"{way} band of level {level}" if row.band > 0 else "smooth band"
        names.append(f"{row.kind} {k} of the {band}")
    count = len(first)
    added, values = (
        own[name].to_numpy(float).reshape(-1, count)
        for name in ("contribution", "value")
    )
    return Reads(names, values, values.mean(0), added, float(usual), unit)


def _weights(
    student: features.Student, table: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Values that are read of every level and what each adds, (n, levels, k)."""
    table = table[table["kind"].isin(["largest", "smallest"]) & (table["band"] > 0)]
    level = student.levels_ - 1 - (table["band"].to_numpy() - 1) // 3
    of_image = [
        [
            own.iloc[np.flatnonzero(level[table["sample"] == k] == j)]
            for j in range(student.levels_)
        ]
        for k, own in table.groupby("sample")
    ]
    most = max(len(own) for row in of_image for own in row)

    def padded(name: str) -> np.ndarray:
        values = np.full((len(of_image), student.levels_, most), np.nan)
        for k, row in enumerate(of_image):
            for j, own in enumerate(row):
                values[k, j, : len(own)] = own[name]
        return values

    return padded("value"), padded("contribution")
