"""Dimensions as they stand in a template document: a name, or a mapping that says more."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Tag, model_validator

from nkflow.documents import Document
from nkflow.gating.gates import Dimension
from nkflow.scales import Ratio
from nkflow.scales.document import ScaleDocument, scale_document

__all__ = ["Axis", "DimensionDocument", "axis_of_dimension", "dimension_of", "named"]


class DimensionDocument(Document):
    """A dimension that says more than its channel's name."""

    channel: str | None = None
    ratio: tuple[str, str] | None = None
    A: float = 1.0
    B: float = 0.0
    C: float = 0.0
    bound_min: float | None = None
    bound_max: float | None = None
    compensated: bool | None = None
    matrix: str = ""
    scale: ScaleDocument | None = None

    @model_validator(mode="after")
    def _valid(self) -> DimensionDocument:
        if (self.channel is None) is (self.ratio is None):
            raise ValueError("a dimension is either a channel or a ratio of two")
        self.dimension()
        return self

    def dimension(self) -> Dimension:
        """Return the dimension itself."""
        scale = None if self.scale is None else self.scale.scale()
        if self.ratio is None:
            return Dimension(self.channel or "", scale, self.compensated, matrix=self.matrix)
        low = -math.inf if self.bound_min is None else self.bound_min
        high = math.inf if self.bound_max is None else self.bound_max
        constants = Ratio(self.A, self.B, self.C, bounds=(low, high))
        return Dimension(self.ratio[0], scale, self.compensated, self.ratio[1], constants, self.matrix)


def named(tag: str) -> Callable[[Any], str]:
    """Return a discriminator between plain text and a mapping, so that a mistake is reported once."""
    return lambda value: "text" if isinstance(value, str) else tag


Axis: TypeAlias = Annotated[
    Annotated[str, Tag("text")] | Annotated[DimensionDocument, Tag("dimension")],
    Discriminator(named("dimension")),
]


def dimension_of(axis: str | DimensionDocument) -> Dimension:
    """Return the dimension that a document means."""
    return Dimension(axis) if isinstance(axis, str) else axis.dimension()


def axis_of_dimension(dimension: Dimension) -> str | DimensionDocument:
    """Return `dimension` as it stands in a document: its name alone where that says it all."""
    if dimension == Dimension(dimension.channel):
        return dimension.channel
    scale = None if dimension.scale is None else scale_document(dimension.scale)
    if dimension.ratio is None or dimension.per is None:
        return DimensionDocument(
            channel=dimension.channel, compensated=dimension.compensated, matrix=dimension.matrix, scale=scale
        )
    constants = dimension.ratio
    low, high = constants.bounds
    return DimensionDocument(
        ratio=(dimension.channel, dimension.per),
        A=constants.A,
        B=constants.B,
        C=constants.C,
        bound_min=low if math.isfinite(low) else None,
        bound_max=high if math.isfinite(high) else None,
        compensated=dimension.compensated,
        matrix=dimension.matrix,
        scale=scale,
    )
