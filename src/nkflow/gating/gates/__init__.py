"""Gates: boundaries, with no events. One shape a file."""

from __future__ import annotations

from typing import TypeAlias

from nkflow.gating.gates.boolean import Boolean, Not
from nkflow.gating.gates.dimension import Dimension
from nkflow.gating.gates.ellipsoid import Ellipsoid
from nkflow.gating.gates.polygon import Polygon
from nkflow.gating.gates.quadrant import Divider, Quadrant
from nkflow.gating.gates.rectangle import Range, Rectangle

__all__ = [
    "Boolean",
    "Dimension",
    "Divider",
    "Ellipsoid",
    "Gate",
    "Not",
    "Polygon",
    "Quadrant",
    "Range",
    "Rectangle",
]

Gate: TypeAlias = Range | Rectangle | Polygon | Ellipsoid | Quadrant | Boolean
