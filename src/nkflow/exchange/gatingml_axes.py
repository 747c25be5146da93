"""What a dimension of a template is in Gating-ML: names, compensation, transformation, coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nkflow.compensation import Spillover
from nkflow.errors import TemplateError
from nkflow.gating.bind import Binding
from nkflow.gating.gates import Dimension
from nkflow.gating.gates.dimension import Space
from nkflow.gating.template import Template
from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Linear, Log, Ratio, Scale, pull_back

__all__ = ["UNBOUNDED", "Axes", "Axis", "Dialect", "UncarriedError"]

UNBOUNDED = (-math.inf, math.inf)
Dialect = Literal["standard", "flowkit"]


class UncarriedError(Exception):
    """A gate that the document can't hold, with the reason."""


@dataclass(frozen=True)
class Axis:
    """One dimension: its channel or dye (of a ratio both), what compensates it, its scale.

    ``compensation`` is ``uncompensated``, ``FCS``, ``matrix`` (the template's or the sample's) or ``matrix:`` and the
    name of a further one.
    """

    names: tuple[str, ...]
    compensation: str
    scale: Scale | None
    ratio: Ratio | None = None

    @property
    def outline_scale(self) -> Scale | None:
        """The scale on which outlines are drawn; None where straight in data units is straight in display."""
        flat = isinstance(self.scale, Linear) and self.scale.bounds == UNBOUNDED
        return None if flat else _standard(self.scale)


@dataclass(frozen=True, eq=False)
class Axes:
    """All dimensions of a template, by themselves or bound to a sample.

    Bound, the names are ``$PnN``, and the matrix is the one that is applied; else they are the template's own.
    """

    template: Template
    binding: Binding | None = None
    dialect: Dialect = "standard"

    @property
    def spillover(self) -> Spillover | None:
        """The matrix that stands in the document."""
        if self.binding is not None:
            return self.binding.spillover
        matrix = self.template.compensation.matrix
        return None if matrix is None else matrix.spillover()

    def of(self, dimension: Dimension) -> Axis:
        """Return what stands in the document for `dimension`."""
        if self.binding is not None:
            return self._bound(self.binding, dimension)
        scale = dimension.scale
        if scale is None and dimension.per is None:
            scale = self.template.scales.get(dimension.channel)
        return Axis(dimension.channels, self._reference(dimension), scale, dimension.ratio)

    def _bound(self, binding: Binding, dimension: Dimension) -> Axis:
        source = binding.source(dimension)
        readings = [source.reading] if source.per is None else [source.reading, source.per]
        dyes = {reading.dye is not None for reading in readings}
        if len(dyes) > 1:
            raise UncarriedError(f"{source.label}: a ratio of a compensated and an uncompensated channel")
        compensation = "matrix" if dyes == {True} else "uncompensated"
        if dimension.matrix:
            compensation = f"matrix:{dimension.matrix}"
        names = tuple(
            binding.channels[reading.channel].name if reading.dye is None else reading.dye
            for reading in readings
        )
        return Axis(names, compensation, source.scale, source.ratio)

    def _reference(self, dimension: Dimension) -> str:
        if dimension.matrix:
            return f"matrix:{dimension.matrix}"
        policy = self.template.compensation.policy
        if dimension.compensated is False or policy == "none":
            return "uncompensated"
        if policy == "given":
            raise TemplateError(
                f"{self.template.name} wants a matrix to be given, and Gating-ML needs to name it",
                next_step="Give the sample and the matrix that the template is written for.",
            )
        if policy != "template":
            return "FCS"
        matrix = self.spillover
        inside = matrix is not None and all(name in matrix.names for name in dimension.channels)
        return "matrix" if inside else "uncompensated"

    def end(self, axis: Axis, value: float | None, space: Space) -> tuple[float | None, Scale | None]:
        """Return one end of a range, and the scale it is on; None for data units.

        An end that stands in data units stays there: nothing is rounded on the way through a scale.
        """
        if value is None or space == "data" or axis.scale is None:
            return value, None
        clipped = axis.scale.bounds != UNBOUNDED and self.dialect == "flowkit"
        if clipped or isinstance(axis.scale, Biex | ArcsinhCofactor):
            return pull_back(axis.scale, value), None
        return value, axis.scale

    def ends(
        self, axis: Axis, ends: Sequence[float | None], space: Space
    ) -> tuple[list[float | None], Scale | None]:
        """Return the ends of one dimension, all on the same scale."""
        if self.dialect == "flowkit" and isinstance(axis.scale, Log) and space == "display":
            return [None if end is None else pull_back(axis.scale, end) for end in ends], None
        found = [self.end(axis, end, space) for end in ends]
        scales = [scale for (_, scale), end in zip(found, ends, strict=True) if end is not None]
        return [end for end, _ in found], scales[0] if scales else None

    def outline(self, axis: Axis, values: Sequence[float], space: Space) -> list[float]:
        """Return the coordinates of an outline on `axis.outline_scale`.

        Raises
        ------
        UncarriedError
            Where Gating-ML (or FlowKit) has no such scale, or a coordinate has no place on it.
        """
        self.check_outline(axis)
        scale, own = axis.outline_scale, axis.scale
        if space == "display" and own is not None:
            if isinstance(own, ArcsinhCofactor) and isinstance(scale, Arcsinh):
                return [value / (scale.M * math.log(10.0)) for value in values]
            return (
                [float(value) for value in values]
                if scale is not None
                else own.inverse(np.array(values, dtype=np.float64)).tolist()
            )
        shown = np.array(values, dtype=np.float64)
        shown = shown if scale is None else scale.forward(shown)
        if not np.isfinite(shown).all():
            raise UncarriedError(f"{' / '.join(axis.names)}: a coordinate has no place on {scale}")
        return [float(value) for value in shown]

    def check_outline(self, axis: Axis) -> None:
        """Raise `UncarriedError` where the document has no scale for an outline on `axis`."""
        name = " / ".join(axis.names)
        if isinstance(axis.scale, Biex):
            raise UncarriedError(
                f"{name}: an outline on FlowJo's biex scale, which Gating-ML 2.0 does not have"
            )
        clipped = axis.scale is not None and axis.scale.bounds != UNBOUNDED
        if clipped and self.dialect == "flowkit":
            raise UncarriedError(f"{name}: an outline on a clipped scale; FlowKit does not clip")


def _standard(scale: Scale | None) -> Scale | None:
    """Return the scale of Gating-ML on which outlines have the same shape.

    ``asinh(x / c)`` is ``M ln 10`` times fasinh with T = 1 and ``sinh(M ln 10) = 1 / c`` (or T as large as makes
    M legal), so that straight lines stay straight.
    """
    if not isinstance(scale, ArcsinhCofactor):
        return scale
    if scale.bounds != UNBOUNDED:
        low, high = (bound / (_DECADES * math.log(10.0)) for bound in scale.bounds)
        return Arcsinh(scale.c * math.sinh(_DECADES * math.log(10.0)), _DECADES, bounds=(low, high))
    return Arcsinh(scale.c * math.sinh(_DECADES * math.log(10.0)), _DECADES)


_DECADES = 4.0
