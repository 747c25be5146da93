"""Do replicate tubes agree? Pearson's X² of x_i out of n_i, judged against the declared over-dispersion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

__all__ = ["Homogeneity", "homogeneity", "ratio_homogeneity", "used_phi"]


@dataclass(frozen=True)
class Homogeneity:
    """Outcome of the test.

    Attributes
    ----------
    x2, df
        ``Σ (x_i - n_i p)² / (n_i p (1-p))`` with p = Σx/Σn, and the number of tubes less one.
    p
        P(χ²(df) ≥ x2/φ0): of the replicates being this uneven though φ0 is right.
    phi0, phi
        Declared and used: ``max(φ0, x2/df)`` where p is below the test level, else φ0.
    """

    x2: float
    df: int
    p: float
    phi0: float
    phi: float

    @property
    def raised(self) -> bool:
        """Whether the replicates scatter more than the protocol declares."""
        return self.phi > self.phi0

    def as_dict(self) -> dict[str, object]:
        """Return the outcome as plain values."""
        per_df = self.x2 / self.df if self.df else None
        return {
            "x2": self.x2,
            "df": self.df,
            "p": self.p,
            "x2_per_df": per_df,
            "phi0": self.phi0,
            "phi": self.phi,
        }


def chi_square(x: ArrayLike, n: ArrayLike) -> np.ndarray:
    """Return X² over the last axis (tubes) of `x` out of `n`; 0 where all or none of the events are in x."""
    x, n = np.asarray(x, np.float64), np.asarray(n, np.float64)
    total = n.sum(axis=-1, keepdims=True)
    p = x.sum(axis=-1, keepdims=True) / np.where(total > 0, total, 1)
    variance = n * p * (1 - p)
    terms = np.where(variance > 0, (x - n * p) ** 2 / np.where(variance > 0, variance, 1), 0.0)
    return np.asarray(terms.sum(axis=-1))


def used_phi(x2: ArrayLike, df: int, *, phi0: ArrayLike, test_level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (p-value of X²/φ0, φ to use); the test may raise φ above φ0, never lower it."""
    x2, phi0 = np.asarray(x2, np.float64), np.asarray(phi0, np.float64)
    if df == 0:
        return np.ones_like(x2), np.broadcast_to(phi0, x2.shape).copy()
    p = special.chdtrc(df, x2 / phi0)
    return np.asarray(p), np.where(p < test_level, np.maximum(phi0, x2 / df), phi0)


def homogeneity(x: ArrayLike, n: ArrayLike, *, phi0: float, test_level: float) -> Homogeneity:
    """Test `x` events out of `n` in each tube (both of length k)."""
    x2 = float(chi_square(x, n))
    df = len(np.atleast_1d(np.asarray(x))) - 1
    p, phi = used_phi(x2, df, phi0=phi0, test_level=test_level)
    return Homogeneity(x2, df, float(p), phi0, float(phi))


def ratio_homogeneity(cells: ArrayLike, beads: ArrayLike) -> Homogeneity:
    """Test the ratio of cells to beads over tubes, reported only: scatter of volumes is expected in it.

    Conditional on their sum, cells are binomial; the contingency X² of (cells, beads) is that of cells out
    of cells + beads.
    """
    x, y = np.asarray(cells, np.float64), np.asarray(beads, np.float64)
    return homogeneity(x, x + y, phi0=1.0, test_level=0.0)
