"""Figures of maps hold together, of the smallest data and of the usual."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tests.looks import faults

from awd import wavelet
from awd.maps.figures import filters, inferred, sky, steps
from awd.maps.infer.predict import HEADS

DB2 = wavelet.from_pywt("db2")
METHODS = {
    "output": ("symmetric", [0.06, 0.25, 0.38, 0.25, 0.06]),
    "labels": ("symmetric", [0.01, 0.25, 0.48, 0.25, 0.01]),
    "untrained": ("symmetric", [-0.05, 0.25, 0.6, 0.25, -0.05]),
    "attribution": ("lattice4", DB2),
    "sparsity": ("lattice4", DB2[::-1]),
}


def chosen(*names):
    """``wavelets.nc`` of some methods, what the figures read of it."""
    longest = max(len(METHODS[name][1]) for name in names)
    taps = [np.pad(h, (0, longest - len(h))) for _, h in map(METHODS.get, names)]
    lengths = [len(METHODS[name][1]) for name in names]
    return xr.Dataset(
        {
            "filter": (("method", "tap"), taps),
            "length": ("method", lengths),
            "family": ("method", [METHODS[name][0] for name in names]),
        },
        coords={"method": list(names)},
    )


def some(ds, cosmologies):
    keep = np.isin(ds["cosmology"].values, [f"c{k}" for k in range(cosmologies)])
    return ds.isel(sample=keep)


@pytest.mark.parametrize("cosmologies", [1, 2, 6])
def test_maps_and_peaks_are_drawn_of_few_cosmologies(small, cosmologies):
    maps = some(small, cosmologies)
    assert not faults(sky.maps(maps))
    rng, edges = np.random.default_rng(0), np.linspace(-0.02, 0.1, 8)
    counts = rng.poisson(5, (maps.sizes["sample"], 7)).astype(float)
    found = {"height": (counts, edges), "laplace": (counts, edges)}
    for shown in (found, {"height": found["height"]}):
        assert not faults(sky.peaks(sky.peaks_table(maps, shown)))


@pytest.mark.parametrize("cosmologies", [1, 5])
@pytest.mark.parametrize("compared", [True, False])
def test_realism_is_drawn_with_theory_and_without(cosmologies, compared):
    rows = [
        (f"c{k}", quantity, at, 1e-5 * (k + 1), 1.1e-5 if compared else np.nan)
        for k in range(cosmologies)
        for quantity, at in [("c_ell", 300), ("c_ell", 900), ("s3", 2), ("peaks", 0)]
    ]
    columns = ["cosmology", "quantity", "at", "value", "theory"]
    table = pd.DataFrame(rows, columns=columns).astype({"at": float})
    table = table.assign(source=sky.MADE, default=True, parameter="omega_m")
    table["omega_m"] = 0.2 + 0.05 * table["cosmology"].str[1:].astype(int)
    assert not faults(sky.realism(table))


@pytest.mark.parametrize("names", [["output"], ["attribution"], [*METHODS]])
def test_patches_are_drawn_of_one_filter_or_of_all(names):
    assert not faults(filters.patches(chosen(*names)))


def test_methods_that_chose_one_filter_share_a_row(monkeypatch):
    monkeypatch.setitem(METHODS, "labels", METHODS["output"])
    figure = filters.patches(chosen("output", "labels", "untrained"))
    assert not faults(figure)
    names = [ax.texts[0].get_text() for ax in figure.axes if ax.texts]
    assert names == [
        "AWD (output)\n= labels in the\nteacher's place",
        "AWD, untrained\nteacher",
    ]


@pytest.mark.parametrize("panels", [1, 3])
def test_panels_of_what_counts_have_scales(panels):
    rng = np.random.default_rng(0)
    names = (
        "convergence",
        "gradient of the network",
        "its most important coefficients",
    )
    images = {name: 0.01 * rng.normal(size=(16, 16)) for name in names[:panels]}
    figure = filters.masks(images, pixel_arcmin=6.0)
    assert not faults(figure)
    labels = [ax.get_xlabel() for ax in figure.axes]
    assert labels.count("x (deg)") == panels
    assert figure.axes[0].get_xlim() == pytest.approx((0, 1.6))


@pytest.mark.parametrize("candidates", [1, 2, 16])
@pytest.mark.parametrize("files", [1, 2])
def test_families_are_drawn_of_few_candidates(candidates, files):
    at = np.arange(candidates)
    parts = [
        pd.DataFrame(
            {"family": family, "candidate": at, "parameter": 0.1 * at, "file": file}
        ).assign(output=0.9 - 0.01 * at, untrained=0.5 + 0.02 * at, labels=0.8)
        for family in ("symmetric", "gaussian", "lattice4")
        for file in range(files)
    ]
    figure = filters.families(pd.concat(parts, ignore_index=True))
    assert not faults(figure)
    heights = [line.get_ydata()[0] for line in figure.axes[0].lines]
    assert sorted(set(heights)) == [0, 1, 2]  # a row a source, none on another
    assert len({ax.get_ylim() for ax in figure.axes[3:6]}) == 1
    assert not faults(filters.families(parts[0]))


@pytest.mark.parametrize("steps", [1, 2, 9])
def test_the_way_to_a_filter_is_drawn_of_few_steps(steps):
    outer = np.linspace(0.0625, -0.046, steps)
    path = pd.DataFrame({"parameter": outer, "fidelity": 0.96})
    taps = [outer, outer * 0 + 0.25, 0.5 - 2 * outer, outer * 0 + 0.25, outer]
    path = path.assign(**{f"tap{k}": values for k, values in enumerate(taps)})
    figure = filters.adapting(path, "symmetric")
    assert not faults(figure)
    titles = [ax.get_title() for ax in figure.axes]
    assert not any("-" in title for title in titles)  # minus signs, no hyphens
    sure = filters.adapting(path.assign(chosen=2, draws=20), "symmetric")
    assert not faults(sure)
    assert sure.axes[0].get_title().endswith("in 2 of 20 draws")


def test_pixels_of_all_bands_on_the_way_are_of_one_size():
    outer = np.array([0.0625, 0.0])  # without its outer taps a band is smaller
    taps = [outer, outer * 0 + 0.25, 0.5 - 2 * outer, outer * 0 + 0.25, outer]
    path = pd.DataFrame({"parameter": outer, "fidelity": 0.96})
    path = path.assign(**{f"tap{k}": values for k, values in enumerate(taps)})
    figure = filters.adapting(path, "symmetric")
    images = [ax.images[0].get_array().shape for ax in figure.axes if ax.images]
    assert images == [(5, 5), (5, 5)]


def test_the_way_counts_the_resamples_that_choose_each_filter():
    outer = np.array([0.06, 0.02, -0.02, -0.04])
    taps = np.stack([outer, outer * 0 + 0.25, 0.5 - 2 * outer], 1)
    shelf = xr.Dataset(
        {"filter": (("candidate", "tap"), taps)}, attrs={"family": "symmetric"}
    )
    known = {"family": "symmetric", "candidate": np.arange(4), "parameter": outer}
    table = pd.DataFrame(known | {"output": [0.9, 0.92, 0.95, 0.94]})
    draws = np.pad(taps[[2, 2, 1, 3]], ((0, 0), (0, 4)))
    path = filters.path_of(shelf, table, draws)
    assert path["chosen"].tolist() == [0, 1, 2]
    assert set(path["draws"]) == {4}
    assert "chosen" not in filters.path_of(shelf, table)


def predicted(maps, count):
    rng = np.random.default_rng(0)
    test = np.flatnonzero(maps["split"].values == "test")
    y = maps["target"].values[test, 0]
    return xr.Dataset(
        {
            "prediction": (
                ("method", "sample"),
                y + 0.02 * rng.normal(size=(count, len(y))),
            ),
            "role": ("method", ["teacher", "distilled"][:count]),
            "target": ("sample", y, {"units": "1", "long_name": "matter density"}),
            "group": ("sample", maps["group"].values[test]),
            "row": ("sample", test),
        },
        coords={"method": ["resnet", "output"][:count]},
    )


def test_the_method_is_drawn_in_one_row(small):
    figure = steps.steps(small, chosen("output"), [predicted(small, 2)])
    assert not faults(figure)
    assert figure.axes[0].get_title() == "map, 3.5 deg"
    labels = [ax.get_xlabel() for ax in figure.axes]
    assert labels.count("convergence") == 2
    assert "weight (symmetric)" in labels


@pytest.mark.parametrize(
    ("count", "parameters"),
    [
        *((1, ["omega_m"]), (3, ["omega_m"]), (5, ["omega_m"]), (8, ["omega_m"])),
        (14, ["omega_m", "sigma_8"]),
        (3, ["omega_m", "sigma_8", "m_nu"]),
    ],
)
def test_every_column_of_panels_has_its_numbers(monkeypatch, count, parameters):
    rng = np.random.default_rng(0)
    true = np.repeat(np.linspace(0.2, 0.4, 4), 3)
    names = [
        "height",
        "laplace",
        "roberts",
        "spectrum",
        "haar",
        "db2",
        "db5",
        "starlet",
        *("pdf", "minkowski", "peaks_snr", "minima_snr", "scattering", "own"),
    ]
    parts = [
        pd.DataFrame({"parameter": parameter, "statistic": name, "true": true}).assign(
            predicted=true + 0.02 * rng.normal(size=12), cosmology="c0"
        )
        for parameter in parameters
        for name in names[:count]
    ]
    table = pd.concat(parts, ignore_index=True)
    monkeypatch.setattr(inferred, "inferred_table", lambda *_: table)
    figure = inferred.inferred([])
    assert not faults(figure)
    assert len(figure.subfigs) == len(parameters)
    drawn = min(count, inferred.MOST)
    for block in figure.subfigs:
        errors = [float(ax.get_title().split()[-3]) for ax in block.axes[:drawn]]
        assert errors == sorted(errors)
        labelled = [
            ax
            for ax in block.axes[:drawn]
            if ax.xaxis.get_major_ticks()[0].label1.get_visible()
        ]
        assert len(labelled) == min(count, 4)


@pytest.mark.parametrize("statistics", [1, 3])
@pytest.mark.parametrize("count", [1, 3])
def test_posteriors_are_drawn_of_few_maps(statistics, count):
    a, b = (x.ravel() for x in np.meshgrid(np.linspace(0.2, 0.4, 9), [0.6, 0.8, 1.0]))
    parts = [
        pd.DataFrame({"a": a, "b": b}).assign(
            probability=np.exp(-(((a - 0.3) / 0.05) ** 2) - ((b - 0.8) / 0.1) ** 2),
            **{"map": row, "statistic": name, "true_a": 0.3, "true_b": 0.8},
            **{"name_a": "omega_m", "name_b": "sigma_8"},
        )
        for row in range(count)
        for name in ("spectrum", "laplace", "starlet")[:statistics]
    ]
    assert not faults(inferred.posterior(pd.concat(parts, ignore_index=True)))


def test_the_network_and_its_student_stand_beside_the_statistics_of_their_target():
    true = np.array([0.2, 0.3, 0.4])
    students = xr.Dataset(
        {
            "prediction": (
                ("method", "sample"),
                np.stack([true + 0.02, true, 0 * true]),
            ),
            "role": ("method", ["teacher", "distilled", "control"]),
            "target": ("sample", true),
            "group": ("sample", ["a", "b", "c"]),
        },
        coords={"method": ["resnet", "output", "shuffled"]},
        attrs={"target_name": "omega_m"},
    )
    truth = np.stack([true, 1 + true], 1)
    statistic = xr.Dataset(
        {
            "prediction": (("head", "sample", "name"), [truth] * len(HEADS)),
            "target": (("sample", "name"), truth),
            "cosmology": ("sample", ["a", "b", "c"]),
            "row": ("sample", np.arange(3)),
        },
        coords={"head": list(HEADS), "name": ["omega_m", "sigma_8"]},
        attrs={"statistic": "height"},
    )
    table = inferred.inferred_table([statistic], [students])
    named = table.groupby("parameter")["statistic"].unique()
    assert named["omega_m"].tolist() == ["resnet", "output", "height"]
    assert named["sigma_8"].tolist() == ["height"]
    assert table["predicted"].tolist()[:3] == (true + 0.02).tolist()
    figure = inferred.inferred([statistic], [students])
    assert not faults(figure)
    titles = [ax.get_title() for ax in figure.subfigs[0].axes]
    assert [len(block.axes) for block in figure.subfigs] == [3, 3]
    assert titles[:2] == [
        "ResNet teacher\nRMSE 2.00 × 10⁻²",
        "AWD (output)\nRMSE 0.00 × 10⁻²",
    ]
