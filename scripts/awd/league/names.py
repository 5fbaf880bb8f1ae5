"""What every method is called, in tables, figures and the report: decided here once."""

from __future__ import annotations

METHODS = {
    "lstm": "LSTM teacher",
    "mlp": "MLP teacher",
    "cnn": "CNN teacher",
    "dilated": "dilated CNN teacher",
    "lstm+dilated": "LSTM + dilated CNN teacher",
    "resnet": "ResNet teacher",
    "network": "your network",
    "output": "AWD (output)",
    "output_mlp": "AWD (output, MLP teacher)",
    "output_lstm": "AWD (output, LSTM teacher)",
    "output_cnn": "AWD (output, CNN teacher)",
    "output_dilated": "AWD (output, dilated CNN teacher)",
    "attribution": "AWD (attribution)",
    "soft": "AWD (attribution, soft losses)",
    "untrained": "AWD, untrained teacher",
    "shuffled": "AWD, shuffled-target teacher",
    "sparsity": "sparsity only, no teacher",
    "random_fidelity": "best random filter, by fidelity",
    "random_labels": "best random filter, by labels",
    "named_fidelity": "best named wavelet, by fidelity",
    "named_labels": "best named wavelet, by labels",
    "best_labels": "best wavelet, by labels",
    "untrained_a": "AWD (attribution), untrained teacher",
    "labels": "labels in the teacher's place",
    "height": "peak height",
    "peaks_snr": "peaks in S/N",
    "minima_snr": "minima in S/N",
    "pdf": "one-point PDF",
    "minkowski": "Minkowski functionals",
    "laplace": "Laplace at peaks",
    "roberts": "Roberts cross at peaks",
    "spectrum": "power spectrum",
    "laplace_spectrum": "Laplace at peaks + spectrum",
    "db2_peaks": "db2 patches at peaks",
    "db5_peaks": "db5 patches at peaks",
    "starlet": "starlet",
    "starlet_norms": "starlet l1 norms",
    "scattering": "scattering transform",
    "haar": "Haar",
    "mean": "mean of the training targets",
    "ridge": "ridge on the raw trace",
    "boosting": "boosting on the raw trace",
    "hand_ridge": "ridge on hand features",
    "hand_hinges": "hinges on hand features",
    "hand_boosting": "boosting on hand features",
    "minirocket": "MiniRocket + ridge",
    "multirocket": "MultiRocket + ridge",
    "catch22": "catch22 + ridge",
    "scattering_ridge": "scattering transform + ridge",
}

# After "@": what the head of a student was fitted to, where not to what ours was.
HEADS = {
    "labels": "head on labels",
    "outputs": "head on the network's outputs",
    "own": "head on its own outputs",
}

# After "_", of one method on several families or readings.
PARTS = {f"lattice{taps}": f"{taps} taps" for taps in (4, 6, 10)}

# Whose filters were tried, by key of awd.filters.families.FAMILIES.
FAMILIES = {
    "symmetric": "symmetric smoothers",
    "isotropic": "isotropic smoothers",
    "gaussian": "Gaussian smoothers",
} | {f"lattice{taps}": f"wavelets of {taps} taps" for taps in (4, 6, 10)}

OURS = "output"  # the method that the project stands for


def name_of(method: str) -> str:
    """What people call a method; an unknown name is shown as it is.

    Examples
    --------
    >>> name_of("output_gaussian")
    'AWD (output), gaussian'
    >>> name_of("db5@labels")
    'db5, head on labels'
    """
    method, at, head = method.partition("@")
    if at:
        return f"{name_of(method)}, {HEADS.get(head, head)}"
    base, _, rest = method.rpartition("_")
    if method in METHODS or not base:
        return METHODS.get(method, method)
    called = PARTS.get(rest, rest)
    return method if name_of(base) == base else f"{name_of(base)}, {called}"


def label_of(method: str, scored: float = 0) -> str:
    """The name with the number of candidates it was chosen from, where it was.

    Examples
    --------
    >>> label_of("random_fidelity", 60)
    'best random filter of 60, by fidelity'
    """
    name = name_of(method)
    if not scored > 1:  # also NaN
        return name
    if name.startswith("best "):
        return name.replace(",", f" of {scored:.0f},", 1)
    return f"{name}, best of {scored:.0f}"
