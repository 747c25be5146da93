"""Gates of a template as gates of a FlowJo workspace, in two goes: what axes they need, then how they stand there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from nkflow.exchange.ellipse_shape import EllipseShape, ellipse_of
from nkflow.exchange.flowjo_axes_out import TOP, AxisPlan
from nkflow.exchange.flowjo_elements import add_points, add_shape
from nkflow.exchange.gatingml_axes import Axes, Axis, UncarriedError
from nkflow.exchange.gatingml_elements import add, lexical
from nkflow.exchange.gatingml_nodes import GATING
from nkflow.fcs.channels import Channel
from nkflow.gating.gates import Ellipsoid, Polygon, Quadrant, Range, Rectangle
from nkflow.gating.gates.dimension import Space
from nkflow.scales import Linear, pull_back

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["Ellipses", "FlowJoGates", "Outline", "Side"]

Ellipses = Literal["polygon", "ellipse"]
_DISPLAY = 256.0
_VERTICES = 1024  # of an ellipse as a polygon: its area is right, and its border within 3e-6 of the half-axis


@dataclass(frozen=True)
class Side:
    """One dimension of a rectangle, in data units; None is open."""

    name: str
    low: float | None
    high: float | None


@dataclass(frozen=True, eq=False)
class Outline:
    """A polygon, or with `ellipse` that, on two channels; vertices (n, 2) in data units."""

    names: tuple[str, str]
    vertices: Sequence[Sequence[float]]
    ellipse: EllipseShape | None = None


@dataclass(eq=False)
class FlowJoGates:
    """Turns gates into sides and outlines, and keeps the plan of each channel's axis by the name gates call it.

    Attributes
    ----------
    prefix
        Of compensated channels.
    channels
        ``$PnN`` -> channel, where a sample is known.
    """

    axes: Axes
    prefix: str
    ellipses: Ellipses = "polygon"
    channels: dict[str, Channel] = field(default_factory=dict)
    plans: dict[str, AxisPlan] = field(default_factory=dict)

    def plan(self, axis: Axis) -> tuple[str, AxisPlan]:
        """Return what gates call the channel of `axis`, and the plan of its axis."""
        if axis.ratio is not None:
            raise UncarriedError(f"{' / '.join(axis.names)}: a ratio; FlowJo would need a derived channel")
        if axis.compensation == "FCS" or axis.compensation.startswith("matrix:"):
            raise UncarriedError(f"{axis.names[0]}: FlowJo has one matrix for a sample, and it must be given")
        compensated = axis.compensation == "matrix"
        name = (self.prefix if compensated else "") + axis.names[0].replace("/", "_")
        if name not in self.plans:
            channel = self.channels.get(axis.names[0])
            top = float(channel.range or 0.0) if channel is not None and channel.kind != "time" else 0.0
            self.plans[name] = AxisPlan(axis.names[0], compensated, top or TOP, axis.scale)
        return name, self.plans[name]

    def outline(self, gate: Polygon | Ellipsoid) -> Outline:
        """Return the outline of `gate`; its axes are planned."""
        axes = [self.axes.of(dimension) for dimension in gate.dimensions]
        if len(axes) != 2:
            raise UncarriedError(f"an ellipsoid of {len(axes)} dimensions; FlowJo has ellipses")
        named = [self.plan(axis) for axis in axes]
        names = (named[0][0], named[1][0])
        if names[0] == names[1]:
            raise UncarriedError(f"{names[0]} in both dimensions of one gate")
        shape = ellipse_of(gate, [axis.scale for axis in axes]) if isinstance(gate, Ellipsoid) else None
        if isinstance(gate, Polygon):
            columns = [
                _in_data(a, c, gate.space)
                for a, c in zip(axes, zip(*gate.vertices, strict=True), strict=True)
            ]
        else:
            assert shape is not None  # one of the two
            places = shape.points(_VERTICES if self.ellipses == "polygon" else 4).T
            columns = [
                list(c) if isinstance(a.scale, Linear) else _in_data(a, c.tolist(), "display")
                for a, c in zip(axes, places, strict=True)
            ]
        for (_, plan), axis, column in zip(named, axes, columns, strict=True):
            plan.add_outline(axis.scale, [float(v) for v in column])
        keep = shape if self.ellipses == "ellipse" else None
        return Outline(names, [[float(x), float(y)] for x, y in zip(*columns, strict=True)], keep)

    def sides(self, gate: Range | Rectangle | Quadrant, outcome: str = "") -> list[Side]:
        """Return the sides of `gate`; their ends are planned."""
        if isinstance(gate, Quadrant):
            intervals = gate.intervals(outcome)
            found = [(d.dimension, *ends) for d, ends in zip(gate.dividers, intervals, strict=True)]
        else:
            found = list(gate.sides)
        made = []
        for dimension, low, high in found:
            axis = self.axes.of(dimension)
            name, plan = self.plan(axis)
            ends = [self._end(axis, value, gate.space) for value in (low, high)]
            for end in ends:
                if end is not None:
                    plan.add_end(end)
            made.append(Side(name, *ends))
        return made

    def _end(self, axis: Axis, value: float | None, space: Space) -> float | None:
        if value is None:
            return None
        end = value if space == "data" or axis.scale is None else pull_back(axis.scale, value)
        return None if math.isinf(end) else end

    def add_sides(self, parent: _Element, sides: Sequence[Side], id_: str, above: str) -> None:
        """Append a rectangle of one or two dimensions."""
        made = add_shape(parent, "RectangleGate", id_, above, [side.name for side in sides])
        for dimension, side in zip(made, sides, strict=True):
            for key, end in (("min", side.low), ("max", side.high)):
                if end is not None:
                    dimension.set(f"{{{GATING}}}{key}", lexical(end))

    def add_outline(self, parent: _Element, outline: Outline, id_: str, above: str) -> None:
        """Append a polygon or an ellipse."""
        if outline.ellipse is None:
            made = add_shape(parent, "PolygonGate", id_, above, outline.names)
            shape = made[0].getparent()
            assert shape is not None
            shape.set("gateResolution", "256")
            add_points(shape, outline.vertices)
            return
        made = add_shape(parent, "EllipsoidGate", id_, above, outline.names)
        shape = made[0].getparent()
        assert shape is not None
        placed = outline.ellipse.scaled(*self._display(outline.names))
        add_points(add(shape, GATING, "foci"), placed.foci().tolist())
        add_points(add(shape, GATING, "edge"), placed.edge().tolist())

    def _display(self, names: Sequence[str]) -> tuple[list[float], list[float]]:
        """Return factors and offsets from an outline's display units to FlowJo's display of 256."""
        factors, offsets = [], []
        for name in names:
            plan = self.plans[name]
            axis, shown = plan.axis(), plan.drawn
            if axis.scale is None or isinstance(axis.scale, Linear):
                factor = _DISPLAY / (axis.high - axis.low)
                factors.append(factor)
                offsets.append(-axis.low * factor)
                continue
            assert shown is not None  # an axis that is not linear has its outline's family
            places = np.array([0.25, 0.75]) * (axis.length if shown == axis.scale else 1.0)
            ours = axis.scale.forward(shown.inverse(places)) * _DISPLAY / axis.length
            factor = float((ours[1] - ours[0]) / (places[1] - places[0]))
            factors.append(factor)
            offsets.append(float(ours[0] - factor * places[0]))
        return factors, offsets


def _in_data(axis: Axis, values: Sequence[float], space: Space) -> list[float]:
    """Return coordinates in data units."""
    if space == "data" or axis.scale is None:
        return [float(value) for value in values]
    found = axis.scale.inverse(np.array(values, dtype=np.float64))
    if not np.isfinite(found).all():
        raise UncarriedError(f"{axis.names[0]}: a coordinate has no place in data units")
    return [float(value) for value in found]
