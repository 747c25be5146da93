"""What a two-dimensional mixture was looked for in: the events on both channels, and the components found there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.density import Density, density

__all__ = ["Component", "Plane", "plane_of"]

Array = NDArray[np.float64]
SIDE = 96  # bins of the picture along each axis


@dataclass(frozen=True)
class Component:
    """One normal component in display units; `share` of the events."""

    centre: tuple[float, float]
    covariance: tuple[tuple[float, float], tuple[float, float]]
    share: float

    def outline(self, distance_square: float, steps: int = 72) -> tuple[tuple[float, float], ...]:
        """Return points of the ellipse at that squared distance (no unit), display units, counter-clockwise."""
        (a, b), (_, d) = self.covariance
        first = (a * distance_square) ** 0.5
        shear = b / a * first
        second = (max(d - b * b / a, 0.0) * distance_square) ** 0.5
        angles = 2 * np.pi * np.arange(steps) / steps
        across = self.centre[0] + first * np.cos(angles)
        up = self.centre[1] + shear * np.cos(angles) + second * np.sin(angles)
        return tuple(zip(across.tolist(), up.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Plane:
    """The events on two channels.

    Attributes
    ----------
    x, y
        The density along each axis; they are the ends of the grid too.
    counts : (n_y, n_x)
        Events per bin, row 0 the lowest y.
    components
        All of the mixture, ascending by the first channel; none where no mixture was found.
    distance_square
        Of the outline that would be drawn round each (no unit).
    """

    x: Density = field(repr=False)
    y: Density = field(repr=False)
    counts: Array = field(repr=False)
    components: tuple[Component, ...]
    distance_square: float


def plane_of(values: Array, components: Sequence[Component], *, distance_square: float) -> Plane:
    """Return the plane of `values` (n, 2), display units; events beside the grid and non-finite ones are left out."""
    x, y = density(values[:, 0]), density(values[:, 1])
    spans = [(each.low, each.low + each.step * len(each.height)) for each in (y, x)]
    finite = values[np.isfinite(values).all(axis=1)]
    counts = np.histogram2d(finite[:, 1], finite[:, 0], bins=SIDE, range=spans)[0]
    counts.flags.writeable = False
    ordered = sorted(components, key=lambda each: each.centre)
    return Plane(x, y, counts, tuple(ordered), distance_square)
