"""Gates of Gating-ML 2.0, one function a shape; their coordinates stay in display space, bit for bit."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from nkflow.errors import GateError
from nkflow.exchange.gatingml_nodes import (
    DATA,
    GATING,
    MistakeError,
    child,
    children,
    flag,
    local,
    number,
    optional_number,
    optional_text,
    text,
)
from nkflow.exchange.gatingml_scales import ChannelRatio, Transformation, clipped
from nkflow.gating.gates import (
    Boolean,
    Dimension,
    Divider,
    Ellipsoid,
    Gate,
    Not,
    Polygon,
    Quadrant,
    Rectangle,
)
from nkflow.gating.gates import Range as OneDimension

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nkflow.compensation import Spillover

__all__ = ["GATES", "OWN", "UNCOMPENSATED", "Definitions", "gate"]

UNCOMPENSATED, OWN = "uncompensated", "FCS"


@dataclass(frozen=True)
class Definitions:
    """What gates refer to by id; ``main`` is the compensation that becomes the template's policy."""

    transformations: Mapping[str, Transformation]
    matrices: Mapping[str, Spillover]
    main: str = OWN


def gate(node: _Element, definitions: Definitions) -> Gate:
    """Return the gate of a ``RectangleGate``, ``PolygonGate``, ... element."""
    try:
        return GATES[local(node)](node, definitions)
    except GateError as problem:
        found = f"{problem.message}{': ' if problem.found else ''}{problem.found}"
        raise MistakeError(node, found, problem.expected or "a boundary that encloses something") from None


def _rectangle(node: _Element, definitions: Definitions) -> Gate:
    sides = []
    for dimension in children(node, GATING, "dimension"):
        low, high = (optional_number(dimension, GATING, name) for name in ("min", "max"))
        if low == math.inf or high == -math.inf:
            raise MistakeError(dimension, f"min = {low}, max = {high}", "a range that encloses something")
        sides.append((_dimension(dimension, definitions), _end(low), _end(high)))
    if len(sides) == 1 and sides[0][1:] != (None, None):
        return OneDimension(*sides[0], space="display")
    return Rectangle(tuple(sides), space="display")


def _end(value: float | None) -> float | None:
    """Return an end; an infinite one is open."""
    return None if value is None or math.isinf(value) else value


def _polygon(node: _Element, definitions: Definitions) -> Gate:
    axes = [_dimension(dimension, definitions) for dimension in children(node, GATING, "dimension")]
    vertices = [_point(vertex) for vertex in children(node, GATING, "vertex")]
    if len(axes) != 2 or any(len(vertex) != 2 for vertex in vertices):
        raise MistakeError(node, f"{len(axes)} dimensions", "two dimensions, two coordinates a vertex")
    return Polygon(axes[0], axes[1], vertices, space="display")


def _ellipsoid(node: _Element, definitions: Definitions) -> Gate:
    covariance = [
        [number(entry, DATA, "value") for entry in children(row, GATING, "entry")]
        for row in children(child(node, GATING, "covarianceMatrix"), GATING, "row")
    ]
    form = partial(
        Ellipsoid,
        [_dimension(dimension, definitions) for dimension in children(node, GATING, "dimension")],
        _point(child(node, GATING, "mean")),
        covariance=covariance,
        distance_square=number(child(node, GATING, "distanceSquare"), DATA, "value"),
        space="display",
    )
    try:
        return form()
    except GateError:
        return form(indefinite=True)  # the compliance set has one, and its truth: the formula decides


def _boolean(node: _Element, definitions: Definitions) -> Gate:
    operation = child(node, GATING, "and", "or", "not")
    operands: list[str | Not] = []
    for reference in children(operation, GATING, "gateReference"):
        name = text(reference, GATING, "ref")
        operands.append(Not(name) if flag(reference, GATING, "use-as-complement") else name)
    match local(operation), operands:
        case "not", [Not(population)]:
            return Boolean("or", [population, population])  # the complement of a complement
        case "and", _:
            return Boolean("and", operands)
        case "or", _:
            return Boolean("or", operands)
        case _:
            return Boolean("not", operands)


def _quadrant(node: _Element, definitions: Definitions) -> Gate:
    dividers: dict[str, Divider] = {}
    for divider in children(node, GATING, "divider"):
        cuts = [number(value, GATING, "") for value in children(divider, GATING, "value")]
        name = text(divider, GATING, "id")
        if name in dividers:
            raise MistakeError(divider, f"the id {name} twice", "an id of its own")
        dividers[name] = Divider(_dimension(divider, definitions), cuts)
    if not dividers:
        raise MistakeError(node, "no divider", "at least one")
    names: dict[str, str] = {}
    for quadrant in children(node, GATING, "Quadrant"):
        outcome = _outcome(quadrant, dividers)
        if outcome in names:
            raise MistakeError(quadrant, f"the intervals of {names[outcome]} again", "intervals of its own")
        names[outcome] = text(quadrant, GATING, "id")
    first, *rest = dividers.values()
    second = rest[0] if rest else None
    return Quadrant(
        first.dimension,
        first.cuts,
        None if second is None else second.dimension,
        None if second is None else second.cuts,
        names=names,
        further=rest[1:],
        space="display",
    )


def _outcome(node: _Element, dividers: Mapping[str, Divider]) -> str:
    """Return one sign for each divider: the interval that holds the location, ``*`` for one not mentioned."""
    signs = dict.fromkeys(dividers, "*")
    for position in children(node, GATING, "position"):
        name = text(position, GATING, "divider_ref")
        if name not in dividers:
            raise MistakeError(position, f"the divider {name}", f"one of {', '.join(dividers)}")
        cuts = dividers[name].values
        interval = bisect_right(cuts, number(position, GATING, "location"))
        sign = {0: "-", len(cuts): "+"}.get(interval, str(interval))
        if signs[name] not in ("*", sign):
            raise MistakeError(position, f"two intervals of the divider {name}", "one")
        signs[name] = sign
    return "".join(signs.values())


GATES: Mapping[str, Callable[[_Element, Definitions], Gate]] = {
    "RectangleGate": _rectangle,
    "PolygonGate": _polygon,
    "EllipsoidGate": _ellipsoid,
    "BooleanGate": _boolean,
    "QuadrantGate": _quadrant,
}


def _point(node: _Element) -> list[float]:
    return [number(value, DATA, "value") for value in children(node, GATING, "coordinate")]


def _dimension(node: _Element, definitions: Definitions) -> Dimension:
    """Return what a dimension or divider measures: compensation, then transformation (STANDARDS GM-08)."""
    measured = child(node, DATA, "fcs-dimension", "new-dimension")
    scale = None
    reference = optional_text(node, GATING, "transformation-ref")
    if reference is not None:
        found = _transformation(node, reference, definitions)
        if isinstance(found, ChannelRatio):
            raise MistakeError(node, f"the ratio {reference}", "a transformation of one dimension")
        scale = found
    if local(measured) == "fcs-dimension":
        channel = text(measured, DATA, "name")
        compensated, matrix = _compensated(node, (channel,), definitions)
        return Dimension(channel, scale, compensated, matrix=matrix)
    reference = text(measured, DATA, "transformation-ref")
    found = _transformation(measured, reference, definitions)
    if not isinstance(found, ChannelRatio):
        raise MistakeError(measured, f"the transformation {reference}", "an fratio of two dimensions")
    channels = found.numerator, found.denominator
    compensated, matrix = _compensated(node, channels, definitions)
    plain = type(found.ratio)(found.ratio.A, found.ratio.B, found.ratio.C)
    return Dimension(channels[0], clipped(found.ratio, scale), compensated, channels[1], plain, matrix)


def _transformation(node: _Element, reference: str, definitions: Definitions) -> Transformation:
    if reference not in definitions.transformations:
        known = ", ".join(definitions.transformations) or "none"
        raise MistakeError(node, f"the transformation {reference}", f"one of the document's: {known}")
    return definitions.transformations[reference]


def _compensated(
    node: _Element, channels: tuple[str, ...], definitions: Definitions
) -> tuple[bool | None, str]:
    """Return whether the dimension insists on compensated values, and by which further matrix (STANDARDS GM-07).

    ``FCS`` insists on nothing: without a matrix in the file it means uncompensated.
    """
    reference = optional_text(node, GATING, "compensation-ref")
    if not reference:
        next_step = "FlowJo leaves it out, and its scales too, where it exports gates: read its workspace."
        raise MistakeError(node, "no compensation-ref", f"{UNCOMPENSATED}, {OWN} or a matrix", next_step)
    if reference == UNCOMPENSATED:
        return False, ""
    if reference == OWN:
        return None, ""
    if reference not in definitions.matrices:
        known = ", ".join((UNCOMPENSATED, OWN, *definitions.matrices))
        raise MistakeError(node, f"the compensation {reference}", f"one of {known}")
    dyes = definitions.matrices[reference].names
    unknown = [channel for channel in channels if channel not in dyes]
    if unknown:
        raise MistakeError(node, f"{', '.join(unknown)} under {reference}", f"its dyes: {', '.join(dyes)}")
    return True, "" if reference == definitions.main else reference
