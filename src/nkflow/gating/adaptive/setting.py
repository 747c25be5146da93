"""The numbers of a gate by name, and a gate with one of them changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.gates import Ellipsoid, Gate, Polygon, Quadrant, Range, Rectangle

__all__ = ["numbers_of", "with_ellipse", "with_number", "with_outline"]


def numbers_of(gate: Gate) -> Mapping[str, str]:
    """Return number -> the channel it stands on; ``gate`` is the outline of a polygon or an ellipse.

    A range has ``low`` and ``high``, a rectangle ``CHANNEL low`` and ``CHANNEL high``, a quadrant of two single
    cuts ``x_cut`` and ``y_cut``. Numbers in display units are none: what is found stands in data units.
    """
    match gate:
        case Polygon() if gate.space == "data":
            return {"gate": ""}
        case Ellipsoid() if len(gate.dimensions) == 2:
            return {"gate": ""}
        case Range() if gate.space == "data":
            return dict.fromkeys(("low", "high"), gate.dimensions[0].channel)
        case Rectangle() if gate.space == "data":
            return {f"{d.channel} {end}": d.channel for d in gate.dimensions for end in ("low", "high")}
        case Quadrant() if gate.space == "data" and all(len(d.values) == 1 for d in gate.dividers):
            return dict(zip(("x_cut", "y_cut"), (d.dimension.channel for d in gate.dividers), strict=False))
        case _:
            return {}


def with_number(gate: Gate, number: str, value: float | None) -> Gate:
    """Return `gate` with one of its numbers (see `numbers_of`) set to `value`, in data units; None: no end there.

    Raises
    ------
    GateError
        Where the gate would be empty.
    """
    if isinstance(gate, Rectangle):
        channel, _, end = number.rpartition(" ")
        sides = tuple(
            (d, value, high) if d.channel == channel and end == "low"
            else (d, low, value) if d.channel == channel
            else (d, low, high)
            for d, low, high in gate.sides
        )  # fmt: skip
        return replace(gate, bounds=sides)
    assert isinstance(gate, Range | Quadrant)  # what else has numbers that can be named
    changes: dict[str, Any] = {number: value}
    return replace(gate, **changes)


def with_outline(gate: Gate, vertices: tuple[tuple[float, float], ...]) -> Gate:
    """Return the polygon `gate` with other vertices, in data units."""
    assert isinstance(gate, Polygon)  # the document saw to it
    return replace(gate, vertices=vertices)


def with_ellipse(gate: Gate, found: Ellipse, by: float = 0.0) -> Gate:
    """Return the ellipse `gate` on the same channels as it was found, larger by a part of its size, display units."""
    assert isinstance(gate, Ellipsoid)  # the document saw to it
    return replace(
        gate,
        centre=found.centre,
        half_axes=None,
        covariance=found.covariance,
        distance_square=found.distance_square * (1 + by) ** 2,
        space="display",
        indefinite=False,
    )
