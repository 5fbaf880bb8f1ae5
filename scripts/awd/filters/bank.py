"""A wavelet for pywt that stays what it is when it is stored."""

from __future__ import annotations

from typing import Any, Self

import pywt


class Orthonormal(pywt.Wavelet):
    """A ``pywt.Wavelet`` of an orthonormal filter bank.

    pywt leaves the flags of a custom bank unset, and a copy forgets those set later.
    """

    def __new__(cls, name: str, filter_bank: Any) -> Self:
        made = super().__new__(cls, name, filter_bank=filter_bank)
        made.orthogonal = made.biorthogonal = True
        return made

    def __init__(self, name: str, filter_bank: Any) -> None:
        super().__init__()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.filter_bank)
