"""Ellipses and ellipsoids: (x - m)' C^-1 (x - m) <= distance squared (STANDARDS GM-03)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation.inverse import invert
from nkflow.errors import CompensationError, GateError
from nkflow.gating.gates.dimension import Dimension, Placed, Space, as_dimension, as_numbers
from nkflow.scales import Linear, Scale

__all__ = ["Ellipsoid", "form_of_half_axes", "is_straight", "quadratic_form"]

Point = tuple[float, ...]


@dataclass(frozen=True)
class Ellipsoid(Placed):
    """An ellipsoid in display space, in any number of dimensions, its surface inside.

    Written by hand it has a centre and the end point of each half-axis, all in data units. Importers keep the
    standard's form: ``space="display"`` with `covariance` and `distance_square`.

    Attributes
    ----------
    axes
        Its dimensions (n).
    centre
        (n,) coordinates.
    half_axes
        n end points of (n,) coordinates. On the axes' scale the half-axes need not be at right angles: any n
        conjugate half-diameters describe the ellipsoid.
    covariance, distance_square
        (n, n) symmetric positive definite matrix, and the square of the Mahalanobis distance of the surface.
    indefinite
        Take a matrix that is neither, as one case of the Gating-ML 2.0 compliance set has it: the formula of the
        standard still decides, though what it bounds is no ellipsoid.

    Raises
    ------
    GateError
        Where the two forms are mixed, a shape is wrong or flat, or a number is not finite or not positive. Half-axes
        in data units may be flat on one scale and not on another: see `refuse_flat`.
    """

    axes: Sequence[str | Dimension]
    centre: Sequence[float]
    half_axes: Sequence[Sequence[float]] | None = None
    covariance: Sequence[Sequence[float]] | None = None
    distance_square: float = 1.0
    space: Space = "data"
    indefinite: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", tuple(as_dimension(axis) for axis in self.axes))
        object.__setattr__(self, "centre", as_numbers(self.centre))
        for field in ("half_axes", "covariance"):
            rows = getattr(self, field)
            if rows is not None:
                object.__setattr__(self, field, tuple(map(as_numbers, rows)))
        self._check_form()
        self._check_shape()

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Its axes."""
        return tuple(as_dimension(axis) for axis in self.axes)

    @property
    def rows(self) -> Sequence[Sequence[float]]:
        """The end points of the half-axes, or the rows of the covariance: whichever was given."""
        rows = self.covariance if self.half_axes is None else self.half_axes
        assert rows is not None  # _check_form saw to it
        return rows

    def refuse_flat(self, scales: Sequence[Scale | None]) -> None:
        """Raise `GateError` where half-axes in data units bound nothing on `scales`, one an axis (None: linear)."""
        if self.half_axes is None or self.space == "display":
            return  # seen to when it was made
        columns = [
            np.array(column, dtype=np.float64) for column in zip(self.centre, *self.half_axes, strict=True)
        ]
        shown = [
            column if scale is None or is_straight(scale) else scale.forward(column)
            for scale, column in zip(scales, columns, strict=True)
        ]
        centre, *ends = np.array(shown).T.tolist()
        form_of_half_axes(centre, ends)

    def _check_form(self) -> None:
        if (self.half_axes is None) is (self.covariance is None):
            raise GateError("an ellipsoid needs either half_axes or a covariance")
        if self.covariance is not None and self.space != "display":
            raise GateError(
                "a covariance belongs to display space",
                found="space: data",
                expected="space: display, or centre and half_axes in data units",
            )
        if self.half_axes is not None and self.distance_square != 1.0:
            raise GateError("half-axes end on the surface: distance_square goes with a covariance only")

    def _check_shape(self) -> None:
        n = len(self.axes)
        if n < 2:
            raise GateError("an ellipsoid needs at least 2 dimensions", found=str(n))
        if len(self.centre) != n or len(self.rows) != n or any(len(row) != n for row in self.rows):
            raise GateError("centre and axes must have one number for each dimension", expected=str(n))
        numbers = [*self.centre, self.distance_square, *(value for row in self.rows for value in row)]
        if not all(map(math.isfinite, numbers)) or self.distance_square <= 0:
            raise GateError("the numbers of an ellipsoid must be finite, and its distance positive")
        if self.covariance is not None:
            quadratic_form(self.covariance, indefinite=self.indefinite)
        elif self.space == "display":
            form_of_half_axes(self.centre, self.rows)


def is_straight(scale: Scale) -> bool:
    """Tell whether what is straight in data units is straight on `scale`."""
    return isinstance(scale, Linear) and scale.bounds == (-math.inf, math.inf)


def form_of_half_axes(centre: Sequence[float], ends: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Return the `quadratic_form` (n, n) of n end points of half-axes, all in display units.

    Half-axes a_1 .. a_n (their end points minus the centre) give C = sum of a_k a_k'.

    Raises
    ------
    GateError
        Where a point has no place (infinite, or NaN), or the half-axes bound nothing.
    """
    if not all(math.isfinite(value) for point in (centre, *ends) for value in point):
        raise GateError(
            "the centre or an end of a half-axis has no place on its scale",
            next_step="Move it into the scale's range.",
        )
    axes = [[p - c for p, c in zip(end, centre, strict=True)] for end in ends]
    n = range(len(axes))
    covariance = [[sum(axis[i] * axis[j] for axis in axes) for j in n] for i in n]
    try:
        return quadratic_form(covariance)
    except GateError:
        raise GateError(
            f"the ellipsoid is flat: on its scales the half-axes lie in one {'line' if len(axes) == 2 else 'plane'}",
            expected="half-axes that point apart",
        ) from None


def quadratic_form(covariance: Sequence[Sequence[float]], *, indefinite: bool = False) -> NDArray[np.float64]:
    """Return Q (n, n), symmetric, with ``x' C^-1 x = x' Q x`` for a covariance C.

    Plain sums in a fixed order, so that every machine gets the same bits.

    Raises
    ------
    GateError
        Where C has no inverse, or, unless `indefinite`, is not symmetric and positive definite.
    """
    matrix = np.array(covariance, dtype=np.float64)
    if not indefinite and not (np.array_equal(matrix, matrix.T) and _is_positive(matrix)):
        raise GateError(
            "the ellipsoid is flat or none: its covariance is not symmetric and positive definite"
        )
    try:
        inverse = invert(matrix)
    except CompensationError as problem:
        raise GateError("the covariance has no inverse", found=problem.found) from None
    return (inverse + inverse.T) / 2.0


def _is_positive(matrix: NDArray[np.float64]) -> bool:
    """Tell whether a symmetric matrix is positive definite: whether it has a Cholesky factor."""
    n = len(matrix)
    factor = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            rest = matrix[i, j] - math.fsum(factor[i, k] * factor[j, k] for k in range(j))
            if i == j and not rest > 0.0:
                return False
            factor[i, j] = math.sqrt(rest) if i == j else rest / factor[j, j]
    return True
