"""The spillover spreading matrix: how much noise each dye brings into every other channel (STANDARDS.md §4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover
from nkflow.controls.gated import gate_control
from nkflow.controls.sources import Unstained, control_tubes, negative_tubes
from nkflow.controls.tube import Source
from nkflow.plots.matrix import Matrix, matrix_figure, matrix_svg

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Spreading", "spread", "spreading"]


@dataclass(frozen=True, eq=False)
class Spreading:
    """The spreading matrix (Nguyen et al. 2013, doi 10.1002/cyto.a.22251).

    Attributes
    ----------
    names
        Channels: rows are dyes, columns where they spread to.
    matrix : (n, n)
        SS in square roots of data units; NaN on the diagonal and in rows without a control. Compare only within
        one instrument setting (CO-24).
    flat : (n, n)
        Where the positives were no wider than the negatives, so that SS was set to 0.
    """

    names: tuple[str, ...]
    matrix: NDArray[np.float64] = field(repr=False)
    flat: NDArray[np.bool_] = field(repr=False)

    def figure(self) -> go.Figure:
        """Return the matrix as a plotly heat map; not shown."""
        return matrix_figure(self._picture())

    def svg(self) -> str:
        """Return the matrix as a heat map: one SVG element."""
        return matrix_svg(self._picture())

    def _picture(self) -> Matrix:
        known = self.matrix[np.isfinite(self.matrix)]
        return Matrix(
            self.names, self.names, self.matrix, full=float(known.max()) if known.size and known.any() else 1.0,
            rows="dye", columns="spreads into", title="Spillover spreading (square root of data units)",
        )  # fmt: skip


def spread(width_pos: float, width_neg: float, bright_pos: float, bright_neg: float) -> float:
    """Return ``sqrt(max(width_pos^2 - width_neg^2, 0)) / sqrt(bright_pos - bright_neg)``.

    Widths are robust SDs of the secondary channel, brightnesses medians of the primary; NaN where the positives
    are not brighter.
    """
    if bright_pos <= bright_neg:
        return float("nan")
    return float(np.sqrt(max(width_pos**2 - width_neg**2, 0.0)) / np.sqrt(bright_pos - bright_neg))


def spreading(
    spillover: Spillover, controls: Mapping[str, Source], *, unstained: Unstained = None
) -> Spreading:
    """Return the spreading matrix of single-stain controls after compensation with `spillover`.

    On linear values that nothing clipped (CO-25). Widths are the 84th less the 50th percentile.

    Raises
    ------
    CompensationError
        As `spillover_from_controls` does.
    """
    tubes, names = control_tubes(controls)
    negatives = negative_tubes(unstained, list(tubes), names)
    n = len(names)
    matrix, flat = np.full((n, n), np.nan), np.zeros((n, n), dtype=np.bool_)
    order = [names.index(name) for name in spillover.detectors]
    for name, tube in tubes.items():
        control = gate_control(tube, names.index(name), negatives[name])
        if control.positive is None:
            continue
        i = spillover.names.index(name)
        positive = spillover.inverse.T @ control.positives[order]
        negative = spillover.inverse.T @ control.negative[order]
        bright, dark = float(np.median(positive[i])), float(np.median(negative[i]))
        for j, other in enumerate(spillover.names):
            if j != i:
                wide, narrow = _width(positive[j]), _width(negative[j])
                place = names.index(name), names.index(other)
                matrix[place] = spread(wide, narrow, bright, dark)
                flat[place] = wide <= narrow
    return Spreading(names, matrix, flat)


def _width(values: NDArray[np.float64]) -> float:
    """Return the 84th less the 50th percentile: the upper half, which no dimmer population reaches."""
    low, high = np.quantile(values, [0.5, 0.84])
    return float(high - low)
