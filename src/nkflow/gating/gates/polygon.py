"""Polygons: even-odd, closed by itself, the boundary inside (STANDARDS GM-02)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nkflow.errors import GateError
from nkflow.gating.gates.dimension import Dimension, Placed, Space, as_dimension, as_numbers

__all__ = ["Polygon"]


@dataclass(frozen=True)
class Polygon(Placed):
    """The inside and the boundary of a polygon whose edges are straight in display space.

    Attributes
    ----------
    x, y
        Its dimensions.
    vertices
        (x, y) pairs, at least three, in data units (``space="display"``: in display units); the last joins
        the first. Crossing edges follow the even-odd rule.

    Raises
    ------
    GateError
        Where there are fewer than three vertices, or a coordinate is not finite.
    """

    x: str | Dimension
    y: str | Dimension
    vertices: Sequence[Sequence[float]]
    space: Space = "data"

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", as_dimension(self.x))
        object.__setattr__(self, "y", as_dimension(self.y))
        where = " x ".join(dimension.label for dimension in self.dimensions)
        given = self.vertices if isinstance(self.vertices, Iterable) else ()
        vertices = tuple(as_numbers(vertex, where, count=2) for vertex in given)
        object.__setattr__(self, "vertices", vertices)
        if len(vertices) < 3:
            raise GateError("a polygon needs at least 3 vertices", found=str(len(vertices)))
        for vertex in vertices:
            if not all(map(math.isfinite, vertex)):
                raise GateError("a vertex must be finite", found=repr(vertex))

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """x and y."""
        return (as_dimension(self.x), as_dimension(self.y))
