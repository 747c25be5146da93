"""Gates as they stand in a template document, and the way between them and the gate classes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Literal, TypeAlias, assert_never

from pydantic import Discriminator, Field, Tag, model_validator

from nkflow.documents import Document
from nkflow.gating.dimension_document import Axis, axis_of_dimension, dimension_of, named
from nkflow.gating.gates import (
    Boolean,
    Divider,
    Ellipsoid,
    Gate,
    Not,
    Polygon,
    Quadrant,
    Range,
    Rectangle,
)
from nkflow.gating.gates.dimension import Space

__all__ = ["GateDocument", "gate_document"]


Ends: TypeAlias = tuple[float | None, float | None]
Cuts: TypeAlias = float | tuple[float, ...]


class _GateModel(Document):
    """A gate whose numbers are checked by the gate class itself."""

    @model_validator(mode="after")
    def _valid(self) -> _GateModel:
        self.gate()
        return self

    def gate(self) -> Gate:
        """Return the gate, built once: a document asks for it several times."""
        return self._built

    @cached_property
    def _built(self) -> Gate:
        return self.build()

    def build(self) -> Gate:
        raise NotImplementedError


class RangeDocument(_GateModel):
    """``{kind: range, channel: CD45, low: 2000}``."""

    kind: Literal["range"]
    channel: Axis
    low: float | None = None
    high: float | None = None
    space: Space = "data"

    def build(self) -> Range:
        return Range(dimension_of(self.channel), self.low, self.high, self.space)


class SideDocument(Document):
    """One side of a rectangle that says more than its channel's name."""

    dimension: Axis
    low: float | None = None
    high: float | None = None


class RectangleDocument(_GateModel):
    """``{kind: rectangle, bounds: {FSC-A: [2e4, null], SSC-A: [0, 1e5]}}``, or a list of sides."""

    kind: Literal["rectangle"]
    bounds: dict[str, Ends] | tuple[SideDocument, ...]
    space: Space = "data"

    def build(self) -> Rectangle:
        if isinstance(self.bounds, dict):
            return Rectangle(dict(self.bounds.items()), self.space)
        return Rectangle(
            tuple((dimension_of(side.dimension), side.low, side.high) for side in self.bounds), self.space
        )


class PolygonDocument(_GateModel):
    """``{kind: polygon, x: FSC-A, y: SSC-A, vertices: [[1, 2], [3, 4], [5, 0]]}``."""

    kind: Literal["polygon"]
    x: Axis
    y: Axis
    vertices: tuple[tuple[float, float], ...]
    space: Space = "data"

    def build(self) -> Polygon:
        return Polygon(dimension_of(self.x), dimension_of(self.y), self.vertices, self.space)


class EllipsoidDocument(_GateModel):
    """``{kind: ellipsoid, axes: [CD3, CD56], centre: [1e2, 5e3], half_axes: [[9e2, 5e3], [1e2, 2e4]]}``."""

    kind: Literal["ellipsoid"]
    axes: tuple[Axis, ...]
    centre: tuple[float, ...]
    half_axes: tuple[tuple[float, ...], ...] | None = None
    covariance: tuple[tuple[float, ...], ...] | None = None
    distance_square: float = 1.0
    space: Space = "data"
    indefinite: bool = False

    def build(self) -> Ellipsoid:
        return Ellipsoid(
            [dimension_of(axis) for axis in self.axes],
            self.centre,
            self.half_axes,
            self.covariance,
            self.distance_square,
            self.space,
            self.indefinite,
        )


class DividerDocument(Document):
    """A divider of a quadrant after its second."""

    channel: Axis
    cuts: Cuts


class QuadrantDocument(_GateModel):
    """``{kind: quadrant, x: CD3, x_cut: 900, y: CD56, y_cut: 1500, names: {"-+": NK, "++": NKT-like}}``."""

    kind: Literal["quadrant"]
    x: Axis
    x_cut: Cuts
    y: Axis | None = None
    y_cut: Cuts | None = None
    names: dict[str, str]
    further: tuple[DividerDocument, ...] = ()
    space: Space = "data"

    def build(self) -> Quadrant:
        return Quadrant(
            dimension_of(self.x),
            self.x_cut,
            None if self.y is None else dimension_of(self.y),
            self.y_cut,
            dict(self.names),
            [Divider(dimension_of(divider.channel), divider.cuts) for divider in self.further],
            self.space,
        )


class NotDocument(Document):
    """``{not: beads}``."""

    not_: str = Field(alias="not")


Operand: TypeAlias = Annotated[
    Annotated[str, Tag("text")] | Annotated[NotDocument, Tag("complement")],
    Discriminator(named("complement")),
]


class BooleanDocument(_GateModel):
    """``{kind: boolean, or: [NK, NKT-like]}``, ``{kind: boolean, and: [CD45+, {not: beads}]}``."""

    kind: Literal["boolean"]
    and_: tuple[Operand, ...] | None = Field(default=None, alias="and")
    or_: tuple[Operand, ...] | None = Field(default=None, alias="or")
    not_: str | None = Field(default=None, alias="not")

    def build(self) -> Boolean:
        given = [field for field in ("and_", "or_", "not_") if getattr(self, field) is not None]
        if len(given) != 1:
            raise ValueError("a boolean gate has exactly one of and, or, not")
        if self.not_ is not None:
            return Boolean("not", [self.not_])
        if self.and_ is not None:
            return Boolean("and", [_operand(operand) for operand in self.and_])
        return Boolean("or", [_operand(operand) for operand in self.or_ or ()])


GateDocument: TypeAlias = Annotated[
    RangeDocument
    | RectangleDocument
    | PolygonDocument
    | EllipsoidDocument
    | QuadrantDocument
    | BooleanDocument,
    Field(discriminator="kind"),
]


def gate_document(gate: Gate) -> GateDocument:
    """Return `gate` as it stands in a document; its name and parent stand on the entry."""
    match gate:
        case Range():
            (side,) = gate.sides
            axis = axis_of_dimension(side[0])
            return RangeDocument(kind="range", channel=axis, low=side[1], high=side[2], space=gate.space)
        case Rectangle():
            return RectangleDocument(kind="rectangle", bounds=_sides(gate), space=gate.space)
        case Polygon():
            x, y = map(axis_of_dimension, gate.dimensions)
            return PolygonDocument(
                kind="polygon", x=x, y=y, vertices=tuple(map(_pair, gate.vertices)), space=gate.space
            )
        case Ellipsoid():
            return EllipsoidDocument(
                kind="ellipsoid",
                axes=tuple(map(axis_of_dimension, gate.dimensions)),
                centre=tuple(gate.centre),
                half_axes=_rows(gate.half_axes),
                covariance=_rows(gate.covariance),
                distance_square=gate.distance_square,
                space=gate.space,
                indefinite=gate.indefinite,
            )
        case Quadrant():
            return _quadrant_document(gate)
        case Boolean():
            return _boolean_document(gate)
        case _:
            assert_never(gate)


def _quadrant_document(gate: Quadrant) -> QuadrantDocument:
    second = len(gate.dividers) > len(gate.further) + 1
    dividers = [(axis_of_dimension(divider.dimension), _cuts(divider.values)) for divider in gate.dividers]
    return QuadrantDocument(
        kind="quadrant",
        x=dividers[0][0],
        x_cut=dividers[0][1],
        y=dividers[1][0] if second else None,
        y_cut=dividers[1][1] if second else None,
        names=gate.outcomes,
        further=tuple(DividerDocument(channel=axis, cuts=cuts) for axis, cuts in dividers[1 + second :]),
        space=gate.space,
    )


def _boolean_document(gate: Boolean) -> BooleanDocument:
    if gate.operation == "not":
        return BooleanDocument.model_validate({"kind": "boolean", "not": gate.references[0][0]})
    operands = tuple({"not": name} if inverse else name for name, inverse in gate.references)
    return BooleanDocument.model_validate({"kind": "boolean", gate.operation: operands})


def _sides(gate: Rectangle) -> dict[str, Ends] | tuple[SideDocument, ...]:
    axes = [axis_of_dimension(dimension) for dimension in gate.dimensions]
    names = [axis for axis in axes if isinstance(axis, str)]
    if len(set(names)) == len(axes):
        return {name: (low, high) for name, (_, low, high) in zip(names, gate.sides, strict=True)}
    return tuple(
        SideDocument(dimension=axis, low=low, high=high)
        for axis, (_, low, high) in zip(axes, gate.sides, strict=True)
    )


def _operand(operand: str | NotDocument) -> str | Not:
    return operand if isinstance(operand, str) else Not(operand.not_)


def _cuts(values: Sequence[float]) -> Cuts:
    return values[0] if len(values) == 1 else tuple(values)


def _pair(vertex: Sequence[float]) -> tuple[float, float]:
    return (vertex[0], vertex[1])


def _rows(rows: Sequence[Sequence[float]] | None) -> tuple[tuple[float, ...], ...] | None:
    return None if rows is None else tuple(map(tuple, rows))
