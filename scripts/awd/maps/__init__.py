"""Convergence maps of weak lensing: made, read, measured, and what they tell."""

from typing import TYPE_CHECKING

from awd import lazily

# What is most used, by the module that holds it.
FACE = {
    "simulate": "awd.maps.sky.universe:simulate",
    "peak_histogram": "awd.maps.measure.peaks:peak_histogram",
    "wavelet_patches": "awd.maps.measure.peaks:wavelet_patches",
    "minkowski": "awd.maps.measure.minkowski:minkowski",
    "power_spectrum": "awd.maps.measure.spectrum:power_spectrum",
    "NearestCosmology": "awd.maps.infer.heads:NearestCosmology",
}

if TYPE_CHECKING:  # what type checkers see; a test holds it against what there is
    from awd.maps import compilation as compilation
    from awd.maps import compiled as compiled
    from awd.maps import figures as figures
    from awd.maps import infer as infer
    from awd.maps import measure as measure
    from awd.maps import names as names
    from awd.maps import readers as readers
    from awd.maps import sky as sky
    from awd.maps import study as study
    from awd.maps import writers as writers
    from awd.maps.infer.heads import NearestCosmology as NearestCosmology
    from awd.maps.measure.minkowski import minkowski as minkowski
    from awd.maps.measure.peaks import peak_histogram as peak_histogram
    from awd.maps.measure.peaks import wavelet_patches as wavelet_patches
    from awd.maps.measure.spectrum import power_spectrum as power_spectrum
    from awd.maps.sky.universe import simulate as simulate
else:
    __getattr__, __dir__ = lazily(__name__, __path__, FACE)
