"""Convergence maps of weak lensing: made, read, measured, and what they tell."""

from awd import lazily

# What is most used, by the module that holds it.
FACE = {
    "simulate": "awd.maps.sky.universe:simulate",
    "peak_histogram": "awd.maps.measure.peaks:peak_histogram",
    "wavelet_patches": "awd.maps.measure.peaks:wavelet_patches",
    "power_spectrum": "awd.maps.measure.spectrum:power_spectrum",
    "NearestCosmology": "awd.maps.infer.heads:NearestCosmology",
}

__getattr__, __dir__ = lazily(__name__, __path__, FACE)
