"""What the examples share: a network's training, the figure of a model, the table."""

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from aeon.classification.convolution_based import MiniRocketClassifier
from aeon.regression.convolution_based import MiniRocketRegressor
from scipy.stats import binomtest
from sklearn.base import clone, is_classifier
from torch import nn

import awd
from awd.features import Student
from awd.league import bootstrap
from awd.samples import require_samples


def trained(
    build: Callable[[], nn.Module], x: np.ndarray, y: np.ndarray, steps: int
) -> tuple[nn.Module, nn.Module]:
    """A network after ``steps`` of Adam on batches of 64, and the same untrained.

    ``y`` are numbers of classes, int, for cross entropy, or values for squared error.
    """
    torch.manual_seed(0)
    net, untrained = build(), build()
    lost = nn.CrossEntropyLoss() if y.dtype.kind in "iu" else nn.MSELoss()
    samples = torch.tensor(x, dtype=torch.float32)
    wanted = torch.tensor(y, dtype=None if y.dtype.kind in "iu" else torch.float32)
    descent = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(steps):
        batch = torch.randint(len(x), (64,))
        loss = lost(net(samples[batch]).squeeze(-1), wanted[batch])
        descent.zero_grad()
        loss.backward()
        descent.step()
    return net.eval(), untrained.eval()


def look(samples: np.ndarray, names: np.ndarray, unit: str = "sample") -> None:
    """Up to three samples, the first of its name, as lines or images."""
    _, first = np.unique(names, return_index=True)
    chosen = first[:: max(1, (len(first) - 1) // 2)][:3]
    figure, panels = plt.subplots(1, len(chosen), figsize=(7, 2.8))
    for axes, index in zip(panels, chosen, strict=True):
        if samples.shape[1:] == (8, 8):
            axes.imshow(samples[index], cmap="gray_r")
        else:
            axes.plot(samples[index].T, linewidth=0.8)
        axes.set(title=str(names[index]), xlabel=unit)
    figure.tight_layout()


def _at_level(h: np.ndarray, levels: int) -> np.ndarray:
    """What a detail of the coarsest level weighs samples with."""
    weights = awd.wavelet.highpass(h)
    for _ in range(levels - 1):
        wide = np.zeros(2 * len(weights) - 1)
        wide[::2] = weights
        weights = np.convolve(wide, h)
    return weights


def show(model: Any, x: np.ndarray, sample: int, unit: str) -> None:
    """The wavelet, the three strongest curves, and the explanation of one sample.

    ``x`` are samples, ``sample`` is the one that is explained, ``unit`` of the
    contributions; of a classifier they are those to the class that is predicted.
    """
    table = model.explain(x)
    predicted = model.predict(x[sample : sample + 1])[0]
    answer = predicted if is_classifier(model) else f"{predicted:.3g}"
    if is_classifier(model):
        heads = table["class"].unique()  # of two classes, the second alone
        table = table[table["class"] == (predicted if predicted in heads else heads[0])]
    read = table[table["band"] >= 0].copy()
    read["rank"] = read.groupby(["sample", "channel", "band", "kind"]).cumcount()
    read["name"] = [
        f"{kind} {rank + 1} of band {band}" + f", channel {channel}" * (x.ndim > 2)
        for kind, rank, band, channel in zip(
            read["kind"], read["rank"], read["band"], read["channel"], strict=True
        )
    ]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 4))
    weights = _at_level(model.filter_, model.levels_)
    left.plot(np.arange(len(weights)), weights, "o-", markersize=3)
    left.axhline(0, color="black", linewidth=0.8)
    left.set(xlabel="sample", title=f"the wavelet at level {model.levels_}")
    strength = read.groupby("name")["contribution"].std().sort_values()
    for name in strength.index[:-4:-1]:
        curve = read[read["name"] == name].sort_values("value")
        middle.plot(curve["value"], curve["contribution"], label=name)
    middle.set(xlabel="coefficient", ylabel=unit, title="the strongest curves")
    own = read[read["sample"] == sample].set_index("name")["contribution"]
    own = own[own.abs().sort_values().index[-8:]]
    right.barh(own.index, own)
    right.tick_params(axis="y", labelsize=8)
    right.axvline(0, color="black", linewidth=0.8)
    right.set(xlabel=unit, title=f"sample {sample}: why {answer}")
    middle.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1.1))
    figure.tight_layout()


def compare(
    model: Any,
    networks: tuple[nn.Module, nn.Module],
    training: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    outputs: np.ndarray,
    *,
    asked: np.ndarray | None = None,
    blocks: np.ndarray | None = None,
) -> pd.DataFrame:
    """Scores of a distilled model, its network and its rivals on test samples.

    Parameters
    ----------
    model : AdaptiveWaveletRegressor or AdaptiveWaveletClassifier
        Fitted.
    networks : tuple
        What was distilled, and the same architecture untrained.
    training, test : tuple of ndarray
        Samples (n, ...) and labels (n,).
    outputs : ndarray of shape (n, ...)
        What the network answers on the test samples.
    asked : ndarray of shape (m, ...), optional
        Samples on which the network was asked; without them those of training.
    blocks : ndarray of shape (n,), optional
        Of test samples that belong together and are resampled as one.

    Returns
    -------
    DataFrame
        Of classes the accuracy with Wilson's 95 % interval, of values R2 with that of a
        bootstrap; and how many numbers were fitted.
    """
    x, y = training
    x_new, y_new = test
    asked = x if asked is None else asked
    control = clone(model).set_params(folds=0, fit_to=None)
    control.fit(asked, teacher=networks[1])
    filters = {
        "distilled wavelet": model.filter_,
        "untrained network's wavelet": control.filter_,
        "db5": awd.wavelet.from_pywt("db5"),
    }
    read = {"labels": "labels", "outputs": "answers", "mixed": "labels and answers"}
    size = sum(p.numel() for p in networks[0].parameters())
    own = sum(s.head_parameters for s in model.model_.students) + len(model.filter_)
    found = {
        "network": (_answered(model, outputs), size),
        f"distilled, head on {read[model.fit_to_]}": (model.predict(x_new), own),
    }
    for name, taps in filters.items():
        found[f"{name}, head on labels"] = _with_wavelet(model, taps, x, y, x_new)
    found["MiniRocket + ridge"] = _minirocket(is_classifier(model), x, y, x_new)
    numbers = [size for _, size in found.values()]
    predicted = {name: values for name, (values, _) in found.items()}
    score = _accuracy if is_classifier(model) else _r2
    table = score(predicted, y_new, np.arange(len(y_new)) if blocks is None else blocks)
    return table.assign(**{"fitted numbers": numbers}).set_index("model")


def _answered(model: Any, outputs: np.ndarray) -> np.ndarray:
    return model.classes_[outputs.argmax(1)] if is_classifier(model) else outputs


def _with_wavelet(
    model: Any, taps: np.ndarray, x: np.ndarray, y: np.ndarray, x_new: np.ndarray
) -> tuple[np.ndarray, int]:
    """Predictions with another filter, the same features and head, fitted to labels."""
    targets = y[:, None]
    if is_classifier(model):
        targets = (y[:, None] == model.classes_).astype(float)
        targets = targets[:, 1:] if targets.shape[1] == 2 else targets
    centre, dims = model.model_.centre, model.dims_
    x, x_new = require_samples(x, dims), require_samples(x_new, dims)
    read = model.model_.students[0].features
    levels = min(model.levels_, int(np.log2(min(x.shape[-dims:]))))
    outputs, size = [], len(taps)
    for target in targets.T:
        student = Student(read, model.head)
        student.fit(x - centre, target.astype(float), taps, levels, dims=dims)
        outputs.append(student.predict(x_new - centre))
        size += student.head_parameters
    scores = np.stack(outputs, 1)
    if not is_classifier(model):
        return scores[:, 0], size
    place = scores.argmax(1) if len(outputs) > 1 else (scores[:, 0] > 0.5).astype(int)
    return model.classes_[place], size


def _minirocket(
    classes: bool, x: np.ndarray, y: np.ndarray, x_new: np.ndarray
) -> tuple[np.ndarray, int]:
    """The kernels of MiniRocket and a ridge on them; images are read row after row."""
    series, later = (
        part.reshape(len(part), -1, 64) if part.shape[1:] == (8, 8) else part
        for part in (x, x_new)
    )
    kind = MiniRocketClassifier if classes else MiniRocketRegressor
    fitted = kind(random_state=0).fit(series, y)
    ridge = fitted.pipeline_.steps[-1][1]
    return fitted.predict(later), np.size(ridge.coef_) + np.size(ridge.intercept_)


def _accuracy(
    predicted: dict[str, np.ndarray], y: np.ndarray, blocks: np.ndarray
) -> pd.DataFrame:
    rows = []
    for name, values in predicted.items():
        right = binomtest(int((values == y).sum()), len(y))
        low, high = right.proportion_ci(method="wilson")
        rows.append((name, f"{right.statistic:.3f}", f"{low:.3f} to {high:.3f}"))
    return pd.DataFrame(rows, columns=["model", "accuracy", "95 %"])


def _r2(
    predicted: dict[str, np.ndarray], y: np.ndarray, blocks: np.ndarray
) -> pd.DataFrame:
    table = bootstrap.score(y, predicted, blocks, draws=2000)
    rows = [
        (row.method, f"{row.r2:.3f}", f"{row.r2_low:.3f} to {row.r2_high:.3f}")
        for row in table.itertuples()
    ]
    return pd.DataFrame(rows, columns=["model", "R²", "95 %"])
