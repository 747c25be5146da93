"""One gate into one Gating-ML element."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nkflow.exchange.gatingml_axes import UNBOUNDED, Axes, Axis, UncarriedError
from nkflow.exchange.gatingml_elements import add, add_point, lexical
from nkflow.exchange.gatingml_nodes import DATA, GATING
from nkflow.gating.gates import Ellipsoid, Gate, Polygon, Quadrant, Range, Rectangle
from nkflow.scales import Scale

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["GateWriter", "quadrant_location"]


@dataclass(frozen=True, eq=False)
class GateWriter:
    """Writes gates; `scale_id` and `ratio_id` give (and remember) the ids they refer to.

    ``matrix_ids``: the compensation of an `Axis` -> its id.
    """

    axes: Axes
    scale_id: Callable[[Scale], str]
    ratio_id: Callable[[Axis], str]
    matrix_ids: Mapping[str, str]

    def add(self, parent: _Element, gate: Gate) -> None:
        """Append the dimensions and coordinates of `gate` to its element."""
        match gate:
            case Range() | Rectangle():
                self._sides(parent, gate)
            case Polygon():
                self._polygon(parent, gate)
            case Ellipsoid():
                self._ellipsoid(parent, gate)
            case _:
                raise UncarriedError(f"{type(gate).__name__} is no gate of Gating-ML 2.0")

    def add_quadrant(
        self, parent: _Element, gate: Quadrant, ids: Sequence[str], divider_ids: Sequence[str]
    ) -> None:
        """Append dividers and quadrants; `ids` are those of the outcomes."""
        self._check_distinct(gate)
        cuts: list[list[float]] = []
        for divider, id_ in zip(gate.dividers, divider_ids, strict=True):
            axis = self.axes.of(divider.dimension)
            found, scale = self.axes.ends(axis, divider.values, gate.space)
            values = [math.nan if value is None else value for value in found]
            if not np.isfinite(values).all():
                raise UncarriedError(f"{divider.dimension.label}: a cut where the scale is constant")
            made = self._dimension(parent, axis, scale, tag="divider")
            made.set(f"{{{GATING}}}id", id_)
            for value in values:
                add(made, GATING, "value").text = lexical(value)
            cuts.append(values)
        for (outcome, _), id_ in zip(gate.pairs, ids, strict=True):
            quadrant = add(parent, GATING, "Quadrant", id=id_)
            for sign, divider_id, values in zip(outcome, divider_ids, cuts, strict=True):
                if sign != "*":
                    position = add(quadrant, GATING, "position")
                    position.set(f"{{{GATING}}}divider_ref", divider_id)
                    position.set(f"{{{GATING}}}location", lexical(quadrant_location(sign, values)))

    def _sides(self, parent: _Element, gate: Range | Rectangle) -> None:
        self._check_distinct(gate)
        for dimension, low, high in gate.sides:
            axis = self.axes.of(dimension)
            ends, scale = self.axes.ends(axis, (low, high), gate.space)
            made = self._dimension(parent, axis, scale)
            for name, end, open_end in zip(("min", "max"), ends, UNBOUNDED, strict=True):
                if end is not None and end != open_end:
                    made.set(f"{{{GATING}}}{name}", lexical(end))

    def _polygon(self, parent: _Element, gate: Polygon) -> None:
        self._check_distinct(gate)
        axes = [self.axes.of(dimension) for dimension in gate.dimensions]
        columns = zip(*gate.vertices, strict=True)
        shown = [
            self.axes.outline(axis, column, gate.space) for axis, column in zip(axes, columns, strict=True)
        ]
        for axis in axes:
            self._dimension(parent, axis, axis.outline_scale)
        for vertex in zip(*shown, strict=True):
            add_point(parent, "vertex", vertex)

    def _ellipsoid(self, parent: _Element, gate: Ellipsoid) -> None:
        self._check_distinct(gate)
        axes = [self.axes.of(dimension) for dimension in gate.dimensions]
        centre = self._shown(axes, gate.centre, gate)
        if gate.covariance is None:
            ends = np.array([self._shown(axes, end, gate) for end in gate.rows]) - centre
            covariance = (ends.T @ ends).tolist()
        else:
            covariance = self._rescaled(axes, gate)
        for axis in axes:
            self._dimension(parent, axis, axis.outline_scale)
        add_point(parent, "mean", centre)
        matrix = add(parent, GATING, "covarianceMatrix")
        for row in covariance:
            line = add(matrix, GATING, "row")
            for value in row:
                add(line, GATING, "entry").set(f"{{{DATA}}}value", lexical(value))
        add(parent, GATING, "distanceSquare").set(f"{{{DATA}}}value", lexical(gate.distance_square))

    def _shown(self, axes: Sequence[Axis], point: Sequence[float], gate: Ellipsoid) -> list[float]:
        return [
            self.axes.outline(axis, [value], gate.space)[0] for axis, value in zip(axes, point, strict=True)
        ]

    def _rescaled(self, axes: Sequence[Axis], gate: Ellipsoid) -> list[list[float]]:
        """Return the covariance on the scales of the document, which may be a multiple of the gate's own."""
        assert gate.covariance is not None
        factors = []
        for axis in axes:
            zero, one = self.axes.outline(axis, [0.0, 1.0], "display")
            factors.append(one - zero)
        return [
            [value * a * b for value, b in zip(row, factors, strict=True)]
            for row, a in zip(gate.covariance, factors, strict=True)
        ]

    def _dimension(
        self, parent: _Element, axis: Axis, scale: Scale | None, *, tag: str = "dimension"
    ) -> _Element:
        reference = self.matrix_ids.get(axis.compensation, axis.compensation)
        made = add(parent, GATING, tag, compensation_ref=reference)
        if scale is not None:
            made.set(f"{{{GATING}}}transformation-ref", self.scale_id(scale))
        if axis.ratio is None:
            add(made, DATA, "fcs-dimension", name=axis.names[0])
            return made
        self._check_ratio(axis, tag)
        add(made, DATA, "new-dimension", transformation_ref=self.ratio_id(axis))
        return made

    def _check_ratio(self, axis: Axis, tag: str) -> None:
        if self.axes.dialect == "standard":
            return
        name = " / ".join(axis.names)
        if axis.compensation.startswith("matrix"):
            raise UncarriedError(f"{name}: FlowKit takes ratios of uncompensated values")
        if axis.ratio is not None and axis.ratio.bounds != UNBOUNDED:
            raise UncarriedError(f"{name}: FlowKit does not clip a ratio")
        if tag == "divider":
            raise UncarriedError(f"{name}: FlowKit reads no divider on a ratio")

    def _check_distinct(self, gate: Gate) -> None:
        """FlowKit tells the columns of one gate apart by their channel only, and takes one matrix a gate."""
        matrices = {self.axes.of(dimension).compensation for dimension in gate.dimensions} - {"uncompensated"}
        if self.axes.dialect == "flowkit" and len(matrices) > 1:
            raise UncarriedError("two matrices in one gate; FlowKit takes one")
        names = [self.axes.of(dimension).names for dimension in gate.dimensions]
        if self.axes.dialect == "flowkit" and len(set(names)) != len(names):
            raise UncarriedError("one channel in two dimensions; FlowKit mixes them up")


def quadrant_location(sign: str, cuts: Sequence[float]) -> float:
    """Return a place inside the interval that `sign` names: its lower cut, which belongs to it, or below the first."""
    if sign in ("-", "0"):
        return cuts[0] - max(1.0, abs(cuts[0]))
    return cuts[-1] if sign == "+" else cuts[int(sign) - 1]
