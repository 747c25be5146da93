"""Iterative refinement: what is left after compensation goes back into the matrix (CO-20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation.inverse import invert
from nkflow.controls.slope import Row, level, regression

__all__ = ["Sides", "refine"]

CLOSE = 0.1  # of a standard error
ROUNDS = 10
CAREFUL = 0.1  # the step once the largest residual slope has grown

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sides:
    """What one row is estimated from: positives and negatives, or all events (then `negative` is None)."""

    own: int
    positive: Array = field(repr=False)
    negative: Array | None = field(default=None, repr=False)

    def row(self, weights: Array) -> Row:
        """Return the slopes of the events compensated with `weights` (n_dyes, n_detectors)."""
        positive = _compensated(weights, self.positive)
        if self.negative is None:
            return regression(positive, self.own)
        return level(positive, _compensated(weights, self.negative), self.own)


def _compensated(weights: Array, events: Array) -> Array:
    """Return ``weights @ events`` (n_dyes, n_events); as a product of matrices it sets all cores spinning."""
    from nkflow.kernels import compensate

    columns, out = np.ascontiguousarray(events), np.empty((len(weights), events.shape[1]))
    rows = np.arange(len(events))
    compensate.compensate_columns(columns, rows, np.ascontiguousarray(weights), events.shape[1], out)
    return out


def refine(matrix: Array, rows: Sequence[Sides]) -> Array:
    """Return `matrix` (n, n) refined until no compensated control has a residual slope of a tenth of its SE.

    C = inv(S); E = residual slopes of the compensated controls, 0 on the diagonal; S <- S + step E S, rows
    divided by their diagonal (Roca et al. 2021, doi 10.1038/s41467-021-23126-8). The step is 1, and a tenth
    once E has grown. Rows that are not in `rows` stay as they are.
    """
    refined, step, before = matrix.copy(), 1.0, np.inf
    for _ in range(ROUNDS):
        weights = invert(refined).T
        residual, left = np.zeros_like(refined), 0.0
        for row in rows:
            found = row.row(weights)
            residual[row.own] = found.slopes
            residual[row.own, row.own] = 0.0
            left = max(left, float(np.max(np.abs(residual[row.own]) / np.maximum(found.errors, 1e-12))))
        if left < CLOSE:
            break
        step = step if left < before else CAREFUL
        before = min(before, left)
        refined = refined + step * residual @ refined
        refined /= np.diag(refined)[:, None]
    return refined
