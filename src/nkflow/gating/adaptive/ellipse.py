"""The ellipse round one component of a two-dimensional normal mixture: its shape, its place, and its windows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.density import Density
from nkflow.gating.adaptive.found import NoGate
from nkflow.gating.adaptive.plane import Plane
from nkflow.gating.adaptive.window import Window

__all__ = ["Ellipse", "ellipse_in_windows", "moved_outline"]

Array = NDArray[np.float64]
DIRECTIONS = 16
UNSETTLED = 0.25  # of its size: an outline that moves so far between replicates is none


@dataclass(frozen=True, eq=False)
class Ellipse:
    """One component in display units: ``(x - centre)' covariance^-1 (x - centre) <= distance_square``.

    Attributes
    ----------
    se
        Standard error of the centre along each axis by a seeded bootstrap, display units.
    share
        Of the events in this component.
    quality
        The BIC gap to one component less (larger is clearer).
    n
        Events the mixture was fitted for.
    u
        By how much the outline moves between replicates, as a part of its size: root mean square over all
        directions, of centre, size and shape together.
    place
        The centre in data units; empty where the scales are not known.
    plane
        The events on both channels with all components.
    """

    centre: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    distance_square: float
    se: tuple[float, ...]
    share: float
    quality: float
    n: int
    u: float = 0.0
    place: tuple[float, ...] = ()
    plane: Plane | None = field(default=None, repr=False)
    method = "ellipse"
    measure = "BIC gap to one component less"

    @property
    def density(self) -> Density | None:
        """Of the events on the first channel."""
        return None if self.plane is None else self.plane.x

    @property
    def half_axes(self) -> tuple[float, float]:
        """Lengths of the longer and the shorter half-axis, display units."""
        (a, b), (_, d) = self.covariance
        middle, apart = (a + d) / 2, math.hypot((a - d) / 2, b)
        return (
            math.sqrt(self.distance_square * (middle + apart)),
            math.sqrt(self.distance_square * max(middle - apart, 0.0)),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a record."""
        return {
            "centre": list(self.place), "centre_display": list(self.centre), "se": list(self.se),
            "covariance": [list(row) for row in self.covariance], "distance_square": self.distance_square,
            "half_axes": list(self.half_axes), "share": self.share,
            "quality": self.quality, "measure": self.measure,
        }  # fmt: skip

    def distances(self, x: Array, y: Array) -> Array:
        """Return how far points (n,), display units, lie from the centre; 1 is on the outline."""
        (a, b), (_, d) = self.covariance
        x, y = x - self.centre[0], y - self.centre[1]
        square = (d * x * x - 2 * b * x * y + a * y * y) / (a * d - b * b)
        return np.asarray(np.sqrt(square / self.distance_square))


def moved_outline(found: Ellipse, centres: Array, covariances: Array) -> float:
    """Return by how much the outline lies elsewhere in replicates, a part of its size (`Ellipse.u`).

    `centres` (n, 2) and `covariances` (n, 2, 2) are those of the replicates. On axes on which `found` is a circle of
    radius 1, the tangents in `DIRECTIONS` directions are compared.
    """
    (a, b), (_, d) = found.covariance
    low = math.sqrt(d - b * b / a)
    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    # rows of the inverse Cholesky factor: a direction on the round axes as one on the display
    across = np.sin(angles) / low
    along = (np.cos(angles) - b / math.sqrt(a) * across) / math.sqrt(a)
    away = (centres - np.array(found.centre)) / math.sqrt(found.distance_square)
    shift = away[:, :1] * along + away[:, 1:] * across
    square = (
        covariances[:, :1, 0] * along**2 + 2 * covariances[:, :1, 1] * along * across
        + covariances[:, 1:, 1] * across**2
    )  # fmt: skip
    return float(np.sqrt(np.mean((shift + np.sqrt(square) - 1) ** 2)))


def ellipse_in_windows(
    found: Ellipse | NoGate,
    windows: tuple[Window, Window],
    *,
    size: tuple[float, float],
    place: tuple[float, float] = (math.nan, math.nan),
) -> Ellipse | NoGate:
    """Return `found`, or *no gate* where its centre or its size (longer half-axis) is not one that was validated.

    `place`: the centre in data units, for people. Nor is there a gate where the outline does not settle.
    """
    if isinstance(found, NoGate):
        return found
    centre = f"({place[0]:.4g}, {place[1]:.4g})"
    longest = found.half_axes[0]
    if not all(at in window for at, window in zip(found.centre, windows, strict=True)):
        text = f"the centre {centre} lies outside its window"
        return NoGate("outside-window", text, "ellipse", found.n, density=found.density, plane=found.plane)
    if not size[0] <= longest <= size[1]:
        text = f"the longer half-axis at {centre} is {longest:.3g} display units, outside {size[0]:g} to {size[1]:g}"
        return NoGate("outside-window", text, "ellipse", found.n, density=found.density, plane=found.plane)
    if found.u > UNSETTLED:
        text = f"between bootstrap replicates the outline moves by {100 * found.u:.0f} % of its size"
        return NoGate("no-fit", text, "ellipse", found.n, density=found.density, plane=found.plane)
    return replace(found, place=place)
