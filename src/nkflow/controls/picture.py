"""A control against every secondary detector, before and after compensation: does the positive lie level?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover
from nkflow.controls.gated import Gated, gate_control
from nkflow.controls.tube import Source, tube_of
from nkflow.plots.axis import Axis
from nkflow.plots.figure import Density, hierarchy_figure
from nkflow.plots.outline import Outline, Path
from nkflow.plots.svg import density_svg
from nkflow.scales import Logicle
from nkflow.scales.estimate import estimate_logicle

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["control_drawings", "control_figure", "control_svgs"]

BINS = 128
LEAST_WIDTH = 0.5  # decades of the straight part
ABOVE = 1.3  # times the brightest event: the top of the scale

Array = NDArray[np.float64]


def control_drawings(
    spillover: Spillover, detector: str, control: Source, *, unstained: Sequence[Source] = ()
) -> list[Density]:
    """Return two drawings for each secondary detector: before and after compensation with a square matrix.

    The gated events of the control; two lines mark the medians of negatives and positives. After compensation they
    should be at one height.
    """
    names = spillover.detectors
    own = names.index(detector)
    gated = gate_control(tube_of(control, names), own, [tube_of(source, names) for source in unstained])
    weights = spillover.weights(names)
    before, after = gated.events, weights @ gated.events
    axes = [_axis(name, rows) for name, rows in zip(names, _pairs(before, after), strict=True)]
    drawn = []
    for other, name in enumerate(names):
        if other != own:
            for rows, matrix, word in ((before, None, "before"), (after, weights, "after")):
                counts = _counts(rows[own], rows[other], axes[own], axes[other])
                lines = _levels(gated, matrix, other, (axes[own], axes[other]))
                drawn.append(Density(counts, axes[own], axes[other], lines, f"{name} {word}"))
    return drawn


def control_figure(
    spillover: Spillover, detector: str, control: Source, *, unstained: Sequence[Source] = ()
) -> go.Figure:
    """Return `control_drawings` as one plotly figure, before and after side by side; not shown."""
    return hierarchy_figure(control_drawings(spillover, detector, control, unstained=unstained), columns=4)


def control_svgs(
    spillover: Spillover, detector: str, control: Source, *, unstained: Sequence[Source] = ()
) -> list[str]:
    """Return each of `control_drawings` as an SVG element."""
    drawn = control_drawings(spillover, detector, control, unstained=unstained)
    return [
        density_svg(one.counts, x=one.x, y=one.y, outlines=one.outlines, title=one.title) for one in drawn
    ]


def _pairs(before: Array, after: Array) -> list[Array]:
    return [np.concatenate(rows) for rows in zip(before, after, strict=True)]


def _axis(name: str, values: Array) -> Axis:
    top = ABOVE * max(float(values.max(initial=0.0)), 1000.0)
    scale = Logicle(T=top, W=max(estimate_logicle(values, T=top).W, LEAST_WIDTH), M=4.5)
    low = float(scale.forward(float(np.quantile(values, 0.001)) if values.size else 0.0))
    return Axis(name, scale, min(low, float(scale.forward(0.0))) - 0.02, 1.0)


def _counts(x: Array, y: Array, across: Axis, up: Axis) -> NDArray[np.int64]:
    places = []
    for values, axis in ((y, up), (x, across)):
        place = (np.asarray(axis.scale.forward(values)) - axis.low) / (axis.high - axis.low) * BINS
        places.append(np.clip(place, 0, BINS - 1).astype(np.int64))
    return np.bincount(places[0] * BINS + places[1], minlength=BINS * BINS).reshape(BINS, BINS)


def _levels(gated: Gated, matrix: Array | None, other: int, axes: tuple[Axis, Axis]) -> list[Outline]:
    """Return a step: the median of the negatives on the left, that of the positives on the right."""
    if gated.positive is None or not gated.negative.shape[1]:
        return []
    across, up = axes
    middle = float(across.scale.forward(gated.positive.cut))
    heights = []
    for rows in (gated.negative, gated.positives):
        values = rows[other] if matrix is None else matrix[other] @ rows
        heights.append(float(up.scale.forward(float(np.median(values)))))
    left, right = heights
    steps = (Path(((-np.inf, left), (middle, left))), Path(((middle, right), (np.inf, right))))
    return [Outline("medians", steps, anchor=(np.inf, np.inf))]
