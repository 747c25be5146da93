"""An ellipse by its moments, its points and its foci."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.exchange.gatingml_axes import UncarriedError
from nkflow.gating.gates import Ellipsoid
from nkflow.scales import Linear, Scale

__all__ = ["EllipseShape", "ellipse_of"]

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EllipseShape:
    """Centre (2,), half-axis vectors (2, 2; rows, the longer first), in display units; linear axes in data units."""

    centre: Points
    half_axes: Points

    def points(self, count: int) -> Points:
        """Return a polygon (count, 2) of the same area as the ellipse."""
        step = 2.0 * math.pi / count
        angles = np.arange(count) * step
        grown = math.sqrt(step / math.sin(step))
        return self.centre + grown * (np.column_stack([np.cos(angles), np.sin(angles)]) @ self.half_axes)

    def foci(self) -> Points:
        """Return the two foci (2, 2)."""
        a, b = (math.hypot(*axis) for axis in self.half_axes)
        c = self.half_axes[0] * math.sqrt(max(0.0, 1.0 - (b / a) ** 2))
        return np.array([self.centre + c, self.centre - c])

    def edge(self) -> Points:
        """Return the ends of the longer axis and of the shorter (4, 2)."""
        (a, b), centre = self.half_axes, self.centre
        return np.array([centre + a, centre - a, centre + b, centre - b])

    def scaled(self, factors: Sequence[float], offsets: Sequence[float]) -> EllipseShape:
        """Return the ellipse with each axis multiplied and then moved; its half-axes are found anew."""
        f = np.array(factors)
        vectors = self.half_axes * f
        return EllipseShape(self.centre * f + np.array(offsets), _principal(vectors.T @ vectors))


def ellipse_of(gate: Ellipsoid, scales: Sequence[Scale | None]) -> EllipseShape:
    """Return the shape of `gate` on `scales`.

    Raises
    ------
    UncarriedError
        Where it has other than two dimensions, or encloses no ellipse.
    """
    if len(gate.dimensions) != 2:
        raise UncarriedError(f"an ellipsoid of {len(gate.dimensions)} dimensions; FlowJo has ellipses")

    def place(point: Sequence[float]) -> Points:
        return np.array([_shown(s, p, gate.space == "display") for s, p in zip(scales, point, strict=True)])

    centre = place(gate.centre)
    if gate.covariance is None:
        ends = np.array([place(end) for end in gate.rows]) - centre
        covariance = ends.T @ ends
    else:
        f = [_shown(s, 1.0, True) - _shown(s, 0.0, True) for s in scales]
        covariance = np.array(gate.covariance) * np.outer(f, f)
    return EllipseShape(centre, _principal(covariance * gate.distance_square))


def _principal(covariance: Points) -> Points:
    values, vectors = np.linalg.eigh(covariance)
    if not values.min() > 0.0:
        raise UncarriedError("a quadratic form that bounds no ellipse")
    return np.array([vectors[:, k] * math.sqrt(values[k]) for k in (1, 0)])


def _shown(scale: Scale | None, value: float, displayed: bool) -> float:
    """Return a coordinate in display units; on a linear scale, or without one, in data units."""
    if scale is None:
        return float(value)
    if isinstance(scale, Linear):
        return float(scale.inverse(value)) if displayed else float(value)
    return float(value) if displayed else float(scale.forward(value))
