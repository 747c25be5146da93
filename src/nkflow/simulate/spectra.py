"""Spillover matrices that are not the cytometer's usual one: a broken tandem dye, a wrong coefficient."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nkflow.compensation import Spillover
from nkflow.simulate.figures import DETECTORS, SPILLOVER

__all__ = ["degraded", "true_spillover", "worth", "wrong"]


def true_spillover() -> Spillover:
    """Return the spillover of the simulated cytometer."""
    return Spillover(tuple(d.name for d in DETECTORS), np.array(SPILLOVER), source="truth")


def degraded(matrix: Spillover, dye: str, into: str, share: float) -> Spillover:
    """Return the spillover after `share` of the tandem molecules of `dye` shine as their donor `into`.

    The dye's row becomes the mixture of both rows, divided by what is left in its own detector (DOMAIN.md 2.4).
    """
    i, j = matrix.names.index(dye), matrix.names.index(into)
    mixed = (1.0 - share) * matrix.matrix[i] + share * matrix.matrix[j]
    changed = matrix.matrix.copy()
    changed[i] = mixed / mixed[i]
    return Spillover(matrix.names, changed, source=f"{dye} degraded by {share:g} into {into}")


def wrong(matrix: Spillover, dye: str, detector: str, by: float) -> Spillover:
    """Return `matrix` with one coefficient off by `by`."""
    changed = matrix.matrix.copy()
    changed[matrix.names.index(dye), matrix.names.index(detector)] += by
    return Spillover(matrix.names, changed, source=f"{dye} into {detector} off by {by:+g}")


def worth(spillover: Spillover) -> npt.NDArray[np.float64] | None:
    """Return what each dye of `spillover` is worth in the usual dyes, (8, 8); None where it is the usual matrix."""
    usual = np.array(SPILLOVER)
    if np.array_equal(spillover.matrix, usual):
        return None
    return np.asarray(np.linalg.solve(usual.T, spillover.matrix.T).T)
