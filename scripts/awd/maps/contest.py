"""Every filter of the maps league: what each source chose from each shelf of the bank.

A source is what the student had to reproduce: the output of the teacher; of networks
that never learned (``untrained``); the teacher's, shuffled within each cosmology
(``shuffled``), which keeps what labels tell and nothing else; the labels themselves in
the teacher's place (``labels``); and the score by labels on the select maps
(``random_labels``, the best of random filters).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from awd import candidates, distil, io, query
from awd.candidates import Candidate, Method
from awd.comparison import COLUMNS
from awd.evaluation import inference_seconds, r2, rmse
from awd.maps import bank, infer, networks, peaks
from awd.maps.inferred import HEADS, degree_for, predict
from awd.maps.methods import LEVELS, PeakHistogram, Statistic, fitted, measure
from awd.maps.names import LONG

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from awd.teachers import ResNet

OURS, TEACHER = "output", "resnet"
TIMED = ("output", "attribution")
WAVELETS = ("haar", "db2", "db5", "starlet")


def sources(said: xr.Dataset, maps: xr.Dataset, seed: int) -> dict[str, np.ndarray]:
    """What is to be reproduced, of all maps (n,), by source.

    Parameters
    ----------
    said : Dataset
        ``output(network, sample, name)`` of all networks.
    maps : Dataset
        :data:`awd.contracts.MAPS`.
    seed : int
        Of the shuffle.
    """
    out = {OURS: said["output"].sel(network=TEACHER).isel(name=0).values}
    for name in said["network"].values.tolist():
        if name != TEACHER:
            out[name] = said["output"].sel(network=name).isel(name=0).values
    shuffled = out[OURS].copy()
    rng = np.random.default_rng(seed)
    side, cosmology = maps["split"].values, maps["cosmology"].values
    for one in np.unique(cosmology):
        for name in ("train", "select"):
            own = np.flatnonzero((cosmology == one) & (side == name))
            shuffled[own] = shuffled[rng.permutation(own)]
    labels = maps["target"].values[:, 0].astype(float)
    return out | {"shuffled": shuffled, "labels": labels}


def methods(
    banks: Mapping[str, xr.Dataset],
    said: Mapping[str, np.ndarray],
    maps: xr.Dataset,
    bounds: Sequence[tuple[float, float]] | None,
    draws: int,
    seed: int,
) -> tuple[dict[str, Method], list[str], pd.DataFrame]:
    """The filter that every source chooses from every family, and all that was scored.

    Parameters
    ----------
    banks : mapping
        Family -> :data:`awd.maps.bank.BANK`; the first gives the result.
    said : mapping
        From :func:`sources`.
    maps : Dataset
        :data:`awd.contracts.MAPS`; labels of test maps are not looked at.
    bounds : sequence of (low, high), optional
        The box of the parameters.
    draws, seed : int
        Resamples of the cosmologies behind our own choice.

    Returns
    -------
    methods : dict of str to Method
        By source, of later families with the family behind: ``output_gaussian``.
    families : list of str
        Of every method.
    table : DataFrame
        ``family``, ``candidate``, the family's first ``parameter``, and by source the
        fidelity (R2) of every candidate; ``rmse`` is that of labels on select.
    """
    import pandas as pd

    found: dict[str, Method] = {}
    families, tables = [], []
    target, cosmology = maps["target"].values, maps["cosmology"].values
    y = np.stack(list(said.values()), 1)
    for place, (family, one) in enumerate(banks.items()):
        r2, squares = bank.fidelity(one, y)
        columns = dict(zip(said, r2.T, strict=True))
        rmse = bank.scores(one, target, bounds)
        columns["random_labels"] = -rmse
        selected = one["split"].values == "select"
        of = cosmology[one["row"].values[selected]]
        filters = one["filter"].values
        for name, values in columns.items():
            pool = [
                Candidate(h, LEVELS, score=float(score))
                for h, score in zip(filters, values, strict=True)
            ]
            best = int(np.argmax(values))
            role = "distilled" if name == OURS else "control"
            by = "labels" if "labels" in name else "fidelity"
            count = len(bank.SHELVES[family].family.bounds)
            again = ()
            if name == OURS:
                picks = bank.resampled(squares[:, :, 0], of, draws, seed)
                again = tuple(filters[picks])
            key = name if not place else f"{name}_{family}"
            found[key] = Method(pool[best], pool, role, by, count, again)
            families.append(family)
        known = {"family": family, "candidate": np.arange(len(filters))}
        known["parameter"] = one["parameter"].values[:, 0]
        table = pd.DataFrame({**known, **columns, "rmse": rmse})
        tables.append(table.drop(columns="random_labels"))
    return found, families, pd.concat(tables, ignore_index=True)


HEAD = "emulator"  # that all methods of the league share; the teacher has its own


def attributed(answers: xr.Dataset, path: io.PathLike, seed: int) -> dict[str, Method]:
    """Filters of the paper's objective: attributions, or maps, sparse in four taps.

    Longer ones end as the same four taps among zeros. The control's attributions are
    those of the first untrained network.
    """
    x = networks.Rows(path, answers["row"].values)[:]
    shape = {"levels": LEVELS, "length": 4, "dims": 2, "random_state": seed}
    asked = answers["asked"].values.tolist()
    found = {
        name: distil.distil(gradient=gradient, objective="attribution", **shape)
        for name, gradient in zip(asked, answers["gradient"].values, strict=True)
    }
    found["sparsity"] = distil.distil(x, objective="sparsity", **shape)
    roles = {
        asked[0]: ("attribution", "distilled"),
        asked[1]: ("untrained_a", "control"),
    }
    out = {}
    for name, result in found.items():
        key, role = roles.get(name, (name, "control"))
        # Scored by its own objective: no other filter competes for it.
        own = replace(result.chosen, score=1 - result.value)
        out[key] = Method(own, [own], role, "fidelity", 1)
    return out


@dataclass
class League:
    """All students of a teacher: features of their filters, the same head for all.

    Parameters
    ----------
    maps : Dataset
        :data:`awd.contracts.MAPS`, opened.
    wavelets : Dataset
        :data:`awd.contracts.WAVELETS`, with the ``family`` of every method.
    said : Dataset
        ``output(network, sample, name)``.
    teacher : ResNet
        The network that is distilled.
    bounds : sequence of (low, high), optional
        The box of the parameters.
    """

    maps: xr.Dataset
    wavelets: xr.Dataset
    said: xr.Dataset
    teacher: ResNet
    bounds: Sequence[tuple[float, float]] | None

    def students(self) -> tuple[dict[str, xr.Dataset], dict[str, dict[str, Any]]]:
        """What every method predicts, and what the table says of it."""
        inferred, told = {}, {}
        answers = self.said["output"].sel(network=TEACHER).values
        inferred[TEACHER] = regressed(answers, self.maps)
        weights = sum(one.numel() for one in self.teacher.parameters())
        told[TEACHER] = {"role": "teacher", "fidelity": 1.0, "head_parameters": weights}
        done: dict[tuple, xr.Dataset] = {}
        for name, one in self._filters():
            key = one.family, tuple(np.round(one.taps, 9)), one.peaks
            if key not in done:  # sources often choose the same filter
                done[key] = self._read(one, answers)
            inferred[name] = done[key]
            told[name] = done[key].attrs | {
                "role": one.role,
                "filter_parameters": one.parameters,
                "scored": one.scored,
                # Controls of later families would fill the table.
                "apart": one.role == "control" and name.endswith(f"_{one.family}"),
            }
        return inferred, told

    def times(self, device: str, **names: str) -> pd.DataFrame:
        """Seconds for one map and for a thousand, of the network and some students."""
        import pandas as pd

        test = np.flatnonzero(self.maps["split"].values == "test")[:128]
        x = self.maps["x"][test].values
        calls = {TEACHER: partial(query.output, self.teacher, device=device)}
        side = self.maps["split"].values == "train"
        y = self.maps["target"].values[side].astype(float)
        degree = degree_for(len(np.unique(y, axis=0)))
        for name, one in self._filters():
            if name in TIMED:
                statistic = fitted(self.statistic(one), self.maps)
                features = measure(statistic, self.maps)[side]
                head = infer.Emulator(degree, self.bounds).fit(features, y)
                calls[name] = partial(_answer, statistic, head)
        thousand = np.resize(x, (1000, *x.shape[1:]))
        rows = []
        for name, call in calls.items():
            one = inference_seconds(call, x[:1], 7)
            many = inference_seconds(call, thousand, 2)
            rows.append((*names.values(), name, one, many))
        columns = [*names, "method", "seconds_batch1", "seconds_batch1000"]
        return pd.DataFrame(rows, columns=columns)

    def statistic(self, one: Entry) -> Statistic:
        """What a student reads through its filter."""
        h = bank.shaped(one.family, one.taps)
        if not one.peaks:
            return bank.SHELVES[one.family].statistic(h)
        rule = "published" if one.peaks == "published" else "trimmed"
        kernels = peaks.wavelet_patches(h, rule)
        if rule == "published":
            return PeakHistogram(kernels, binning=(0.0, 0.035))
        return PeakHistogram(peaks.sign_fixed(kernels), binning="equal")

    def _filters(self) -> Iterator[tuple[str, Entry]]:
        """Every method of the wavelets, and the paper's own student of attribution."""
        found = candidates.from_dataset(self.wavelets)
        for k, (name, chosen) in enumerate(found.items()):
            one = Entry(
                str(self.wavelets["family"].values[k]),
                chosen.filter,
                str(self.wavelets["role"].values[k]),
                int(self.wavelets["parameters"].values[k]),
                int(self.wavelets["scored"].values[k]),
            )
            yield name, one
            if name == "attribution":
                for how in ("equal", "published"):
                    yield f"attribution_peaks_{how}", replace(one, peaks=how)

    def _read(self, one: Entry, answers: np.ndarray) -> xr.Dataset:
        """Predictions of all heads, with fidelity to the teacher and sizes noted."""
        features = measure(fitted(self.statistic(one), self.maps), self.maps)
        ds = predict(features, self.maps, self.bounds).load()
        side = self.maps["split"].values
        train, test = side == "train", side == "test"
        copy = bank.Ridge().fit(features[train], answers[train, 0])
        known = len(np.unique(self.maps["target"].values, axis=0))
        names = self.maps.sizes["name"]
        return ds.assign_attrs(
            fidelity=r2(answers[test, 0], copy.predict(features[test])),
            head_parameters=head_parameters(features.shape[1], known, names),
            features=features.shape[1],
        )


def _answer(statistic: Statistic, head: infer.Emulator, x: np.ndarray) -> np.ndarray:
    return head.predict(statistic.features(x))


@dataclass(frozen=True)
class Entry:
    """A filter in the league, and how it is read: all coefficients, or at peaks."""

    family: str
    taps: np.ndarray
    role: str
    parameters: int
    scored: int
    peaks: Literal["", "equal", "published"] = ""


def entered(
    inferred: Mapping[str, xr.Dataset],
    told: Mapping[str, Mapping[str, Any]],
    maps: xr.Dataset,
    **names: str,
) -> xr.Dataset:
    """Methods as a ``predictions`` file (:data:`awd.contracts.PREDICTIONS`).

    Parameters
    ----------
    inferred : mapping
        Method -> :data:`awd.maps.inferred.INFERRED`, of which one head enters.
    told : mapping
        Method -> what the table says of it: ``role``, some of
        :data:`awd.comparison.COLUMNS`, and whether it stands ``apart``.
    maps : Dataset
        :data:`awd.contracts.MAPS`.
    **names
        Split and seed.
    """
    import xarray as xr

    inferred = {
        name: one for name, one in inferred.items() if not told[name].get("apart")
    }
    first = next(iter(inferred.values()))
    rows = first["row"].values
    described = {"units": "1", "long_name": LONG[str(first["name"].values[0])][0]}
    predicted = [
        one["prediction"].sel(head=HEAD).isel(name=0).values
        for one in inferred.values()
    ]
    target = first["target"].isel(name=0).values
    ds = xr.Dataset(
        {
            "prediction": (("method", "sample"), np.array(predicted), described),
            "target": ("sample", target, described),
            "group": ("sample", maps["group"].values[rows].astype(str)),
            "block": ("sample", maps["cosmology"].values[rows].astype(str)),
            "row": ("sample", rows),
        },
        coords={"method": list(inferred)},
        attrs={"study": "maps", "target_name": str(first["name"].values[0]), **names},
    )
    empty = {"fidelity": np.nan, "compression": np.nan}
    for column in COLUMNS:
        values = [told[name].get(column, empty.get(column, 0)) for name in inferred]
        ds[column] = "method", values
    return ds


def told_of_statistics(
    inferred: Mapping[str, xr.Dataset], maps: xr.Dataset
) -> dict[str, dict[str, Any]]:
    """What the table says of statistics that need no network."""
    known = len(np.unique(maps["target"].values, axis=0))
    names = maps.sizes["name"]
    return {
        name: {
            "role": "wavelet" if name in WAVELETS else "baseline",
            "head_parameters": head_parameters(
                int(one.attrs["features"]), known, names
            ),
        }
        for name, one in inferred.items()
    }


def heads(inferred: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """RMSE of the first parameter by method, a column a head."""
    import pandas as pd

    rows = []
    for name, one in inferred.items():
        truth = one["target"].isel(name=0).values
        found = one["prediction"].isel(name=0)
        row = {head: rmse(truth, found.sel(head=head).values) for head in HEADS}
        rows.append({"method": name, **row})
    return pd.DataFrame(rows)


def regressed(said: np.ndarray, maps: xr.Dataset) -> xr.Dataset:
    """A network's own answers (n, names) of the test maps, as if a head had given them.

    In every head the same: a network needs none.
    """
    import xarray as xr

    test = np.flatnonzero(maps["split"].values == "test")
    target = maps["target"].isel(sample=test)
    answers = np.tile(said[test], (len(HEADS), 1, 1))
    return xr.Dataset(
        {
            "prediction": (("head", "sample", "name"), answers, target.attrs),
            "target": target,
            "row": ("sample", test),
        },
        coords={"head": list(HEADS)},
    )


def head_parameters(features: int, cosmologies: int, names: int) -> int:
    """Numbers in an emulator: its polynomials, and one covariance."""
    degree = degree_for(cosmologies)
    terms = math.comb(degree + names, names)
    return terms * features + features * (features + 1) // 2
