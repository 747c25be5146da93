"""The two arcsinh scales: Gating-ML's fasinh, and the cofactor form of mass and spectral cytometry."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from nkflow.scales.monotone import Monotone
from nkflow.scales.parameters import LARGEST_DECADES, require, require_unit
from nkflow.scales.table import Table, build, with_pieces

__all__ = ["Arcsinh", "ArcsinhCofactor"]


@dataclass(frozen=True, repr=False)
class Arcsinh(Monotone):
    """``y = (asinh(x sinh(M ln 10) / T) + A ln 10) / ((M + A) ln 10)`` (STANDARDS 3.2).

    Parameters
    ----------
    T
        Top of the scale, data units, > 0: y = 1.
    M
        Decades, > 0.
    A
        Decades below zero, 0 <= A <= M.
    """

    T: float
    M: float
    A: float = 0.0

    def _check(self) -> None:
        require("arcsinh", self.T > 0, f"T = {self.T}", "T > 0")
        require("arcsinh", self.M > 0, f"M = {self.M}", "M > 0")
        require("arcsinh", 0 <= self.A <= self.M, f"A = {self.A}", "0 <= A <= M")
        limit = f"M + A <= {LARGEST_DECADES:g}"
        require("arcsinh", self.M + self.A <= LARGEST_DECADES, f"M + A = {self.M + self.A}", limit)
        require_unit("arcsinh", self.T / math.sinh(math.log(10.0) * self.M))

    def exact_table(self) -> Table:
        """Return the scale as arrays for kernels, without pieces."""
        return _exact(self)

    def table(self) -> Table:
        """Return the scale as arrays for kernels, with pieces up to 4 T on both sides."""
        return _fast(self)


@dataclass(frozen=True, repr=False)
class ArcsinhCofactor(Monotone):
    """``y = asinh(x / c)``, in natural-logarithm units and not 0..1.

    Parameters
    ----------
    c
        Cofactor, data units, > 0: 5 for mass cytometry, about 150 for fluorescence.
    """

    c: float

    @property
    def kind(self) -> str:
        """The word for this scale in documents and messages."""
        return "arcsinh-cofactor"

    def _check(self) -> None:
        require(self.kind, self.c > 0, f"c = {self.c}", "c > 0")
        require_unit(self.kind, self.c)

    def exact_table(self) -> Table:
        """Return the scale as arrays for kernels, without pieces."""
        return _exact(self)

    def table(self) -> Table:
        """Return the scale as arrays for kernels, with pieces up to 1e7 cofactors on both sides."""
        return _fast(self)


@functools.lru_cache(maxsize=512)
def _exact(scale: Arcsinh | ArcsinhCofactor) -> Table:
    from nkflow.kernels.scales import ARCSINH

    match scale:
        case Arcsinh(T=T, M=M, A=A):
            decades = math.log(10.0) * M
            values = (A / (M + A), T / math.sinh(decades), decades + math.log(10.0) * A)
        case ArcsinhCofactor(c=c):
            values = (0.0, c, 1.0)
    return build(ARCSINH, scale.bounds, values)


@functools.lru_cache(maxsize=128)
def _fast(scale: Arcsinh | ArcsinhCofactor) -> Table:
    exact = _exact(scale)
    width = float(exact.parameters[3])
    return with_pieces(exact, width, 0.0, 4.0 * scale.T if isinstance(scale, Arcsinh) else 1e7 * width)
