"""Gates of a FlowJo workspace into ours (WS-02 to WS-05).

Rectangles and polygons stand in data units, ellipses in FlowJo's display of 256 x 256. A polygon's edges are
straight on the axes' scales. What touches the end of an axis takes in the events beyond it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nkflow.errors import GateError, ScaleError
from nkflow.exchange.flowjo_axes import Axis, Channels
from nkflow.exchange.flowjo_nodes import FlowJoError, attribute, children, coordinates, optional_number, tag
from nkflow.gating.gates import Dimension, Ellipsoid, Gate, Polygon, Range, Rectangle
from nkflow.scales import Biex, Linear, Scale

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["FlowJoGate", "clipped", "read_gate"]

_DISPLAY = 256.0


@dataclass(frozen=True)
class FlowJoGate:
    """A gate, whether FlowJo inverts it, whether it touches the end of an axis, and FlowJo's grid for it.

    ``axes`` are those of an outline, for `binned`; ``resolution`` is 0 where FlowJo tests exact values.
    """

    gate: Gate
    inverted: bool = False
    touches: bool = False
    axes: tuple[Axis, ...] = ()
    resolution: int = 0


def read_gate(node: _Element, channels: Channels) -> FlowJoGate:
    """Return the gate in a ``Gate`` element.

    Raises
    ------
    FlowJoError
        Where it is of a kind that has no counterpart here, or its numbers enclose nothing.
    """
    found = list(node.iterchildren("*"))
    if len(found) != 1:
        raise FlowJoError(node, f"{len(found)} gates in one", "one")
    shape = found[0]
    try:
        if tag(shape) == "RectangleGate":
            gate = _rectangle(shape, channels)
        elif tag(shape) == "PolygonGate":
            gate = _polygon(shape, channels)
        elif tag(shape) == "EllipsoidGate":
            gate = _ellipse(shape, channels)
        else:
            raise FlowJoError(
                shape, f"a gate of the kind {tag(shape)[:60]}", "RectangleGate, PolygonGate or EllipsoidGate"
            )
    except (GateError, ScaleError) as problem:
        raise FlowJoError(
            shape, f"{problem.message}: {problem.found}", problem.expected or "a gate"
        ) from None
    return replace(gate, inverted=attribute(shape, "eventsInside", "1").strip() == "0")


def _axes(shape: _Element, channels: Channels) -> list[tuple[_Element, Axis]]:
    pairs = []
    for dimension in children(shape, "dimension"):
        named = list(children(dimension, "fcs-dimension", "parameter"))
        if len(named) != 1:
            raise FlowJoError(dimension, f"{len(named)} channels in one dimension", "one")
        pairs.append((dimension, channels.axis(dimension, attribute(named[0], "name"))))
    return pairs


def _dimension(axis: Axis, scale: Scale | None = None) -> Dimension:
    return Dimension(axis.channel, scale, axis.compensated)


def _rectangle(shape: _Element, channels: Channels) -> FlowJoGate:
    """Return a rectangle or range; an end on or beyond the end of its axis is open (WS-05)."""
    sides, touches = [], False
    for node, axis in _axes(shape, channels):
        low, high = (
            None if end is None else end * axis.factor
            for end in (optional_number(node, "min"), optional_number(node, "max"))
        )
        if low is not None and low <= axis.low:
            low, touches = None, True
        if high is not None and high >= axis.high:
            high, touches = None, True
        sides.append((_dimension(axis), low, high))
    if len(sides) == 1 and sides[0][1:] != (None, None):
        return FlowJoGate(Range(*sides[0]), touches=touches)
    return FlowJoGate(Rectangle(tuple(sides)), touches=touches)


def _polygon(shape: _Element, channels: Channels) -> FlowJoGate:
    axes = [axis for _, axis in _axes(shape, channels)]
    vertices = [coordinates(vertex) for vertex in children(shape, "vertex")]
    if len(axes) != 2 or any(len(vertex) != 2 for vertex in vertices) or len(vertices) < 3:
        raise FlowJoError(
            shape, f"{len(axes)} dimensions, {len(vertices)} vertices", "two, and at least three"
        )
    _refuse_unknown(shape, axes)
    points = [tuple(c * axis.factor for c, axis in zip(vertex, axes, strict=True)) for vertex in vertices]
    scales, touches = [], False
    for axis, column in zip(axes, zip(*points, strict=True), strict=True):
        at_end = min(column) <= axis.low or max(column) >= axis.high
        touches |= at_end
        scales.append(clipped(axis) if at_end else axis.scale or Linear(1.0))
    x, y = (_dimension(axis, scale) for axis, scale in zip(axes, scales, strict=True))
    resolution = int(optional_number(shape, "gateResolution") or _DISPLAY)
    return FlowJoGate(Polygon(x, y, points), touches=touches, axes=tuple(axes), resolution=resolution)


def clipped(axis: Axis) -> Scale:
    """Return the axis with everything beyond its ends on them, as FlowJo draws it."""
    if axis.scale is None:
        return Linear(1.0, bounds=(axis.low, axis.high))
    if isinstance(axis.scale, Biex):
        return axis.scale  # ends there by itself
    return type(axis.scale)(**axis.scale.parameters, bounds=(0.0, axis.length))


def _refuse_unknown(shape: _Element, axes: Sequence[Axis]) -> None:
    for axis in axes:
        if axis.unknown:
            raise FlowJoError(
                shape,
                f"an outline on the transformation {axis.unknown} of {axis.channel}",
                "linear, log, biex, logicle, hyperlog or fasinh",
            )


def _ellipse(shape: _Element, channels: Channels) -> FlowJoGate:
    """Return an ellipse from its foci and the ends of its axes in FlowJo's display space.

    The half-axis a is half the distance of the first two edge points; b follows from ``b^2 = a^2 - c^2`` with c
    half the distance of the foci, since FlowJo rounds the edge points of the minor axis.
    """
    axes = [axis for _, axis in _axes(shape, channels)]
    foci = [coordinates(v) for group in children(shape, "foci") for v in children(group, "vertex")]
    edge = [coordinates(v) for group in children(shape, "edge") for v in children(group, "vertex")]
    if len(axes) != 2 or len(foci) != 2 or len(edge) != 4 or any(len(p) != 2 for p in (*foci, *edge)):
        raise FlowJoError(
            shape, f"{len(foci)} foci and {len(edge)} edge points", "2 and 4, in two dimensions"
        )
    _refuse_unknown(shape, axes)
    centre, covariance = _moments(shape, np.array(foci), np.array(edge))
    scales: list[Scale] = []
    factors, offsets = [], []
    for axis in axes:
        if axis.scale is None:
            if not math.isfinite(axis.low):
                raise FlowJoError(
                    shape, f"an ellipse on {axis.channel}, whose axis has no ends", "a linear axis"
                )
            scales.append(Linear(1.0))
            factors.append((axis.high - axis.low) / _DISPLAY)
            offsets.append(axis.low)
        else:
            scales.append(axis.scale)
            factors.append(axis.length / _DISPLAY)
            offsets.append(0.0)
    f = np.array(factors)
    gate = Ellipsoid(
        [_dimension(axis, scale) for axis, scale in zip(axes, scales, strict=True)],
        (centre * f + np.array(offsets)).tolist(),
        covariance=(covariance * np.outer(f, f)).tolist(),
        space="display",
    )
    return FlowJoGate(gate, axes=tuple(axes), resolution=int(_DISPLAY))


def _moments(
    shape: _Element,
    foci: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    edge: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """Return centre (2,) and ``a^2 u u' + b^2 v v'`` (2, 2) in display units."""
    centre = foci.mean(axis=0)
    c = math.hypot(*(foci[1] - foci[0])) / 2.0
    halves = [math.hypot(*(edge[1] - edge[0])) / 2.0, math.hypot(*(edge[3] - edge[2])) / 2.0]
    major = int(halves[1] > halves[0])
    a = halves[major]
    b = math.sqrt(a * a - c * c) if c > 0.0 and a > c else halves[1 - major]
    if not 0.0 < b <= a:
        raise FlowJoError(shape, f"half-axes {a:g} and {b:g} with foci {2 * c:g} apart", "an ellipse")
    along = foci[1] - foci[0] if c > 0.0 else edge[2 * major + 1] - edge[2 * major]
    theta = math.atan2(along[1], along[0])
    u = np.array([math.cos(theta), math.sin(theta)])
    v = np.array([-u[1], u[0]])
    covariance = a * a * np.outer(u, u) + b * b * np.outer(v, v)
    return centre, (covariance + covariance.T) / 2.0
