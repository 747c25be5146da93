"""Ranges and rectangles: low <= x < high in every dimension (STANDARDS GM-01)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from nkflow.errors import GateError
from nkflow.gating.gates.dimension import Dimension, Placed, Space, as_dimension, as_number

__all__ = ["Bounds", "Range", "Rectangle", "Side"]

Bounds: TypeAlias = tuple[float | None, float | None]
Side: TypeAlias = tuple[Dimension, float | None, float | None]


@dataclass(frozen=True)
class Range(Placed):
    """``low <= x < high`` in one dimension; None leaves that end open.

    Coordinates are in data units, or in display units of the dimension's scale with ``space="display"``.
    A non-finite value is outside, also of an open end.

    Raises
    ------
    GateError
        Where both ends are open, a number is not finite, or the range is empty.
    """

    channel: str | Dimension
    low: float | None = None
    high: float | None = None
    space: Space = "data"

    def __post_init__(self) -> None:
        object.__setattr__(self, "channel", as_dimension(self.channel))
        if self.low is None and self.high is None:
            raise GateError("a range needs a low or a high end", where=self.dimensions[0].label)
        low, high = checked_ends(self.dimensions[0], (self.low, self.high))
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Its one dimension."""
        return (as_dimension(self.channel),)

    @property
    def sides(self) -> tuple[Side, ...]:
        """Its one side, as a rectangle gives them."""
        return ((self.dimensions[0], self.low, self.high),)


@dataclass(frozen=True)
class Rectangle(Placed):
    """``low <= x < high`` in any number of dimensions: ``Rectangle({"FSC-A": (2e4, None), "CD3": (0, 1e5)})``.

    Raises
    ------
    GateError
        Where there is no dimension, a number is not finite, or a side is empty.
    """

    bounds: Mapping[str | Dimension, Bounds] | tuple[Side, ...]
    space: Space = "data"

    def __post_init__(self) -> None:
        if isinstance(self.bounds, Mapping):
            given = [(as_dimension(key), ends) for key, ends in self.bounds.items()]
        else:
            given = [(as_dimension(side[0]), side[1:]) for side in self.bounds]
        if not given:
            raise GateError("a rectangle needs at least one dimension")
        object.__setattr__(self, "bounds", tuple((d, *checked_ends(d, ends)) for d, ends in given))

    @property
    def sides(self) -> tuple[Side, ...]:
        """(dimension, low, high) of each side; None is an open end."""
        assert isinstance(self.bounds, tuple)  # __post_init__ made it one
        return self.bounds

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The dimension of each side."""
        return tuple(side[0] for side in self.sides)


def checked_ends(dimension: Dimension, ends: object) -> Bounds:
    """Return the ends as floats; `GateError` unless they are finite and enclose something."""
    pair = tuple(ends) if isinstance(ends, Iterable) else ()
    if len(pair) != 2:
        raise GateError("a side has two ends", where=dimension.label, found=repr(ends), expected="low, high")
    low, high = (None if end is None else as_number(end, dimension.label) for end in pair)
    for end in (low, high):
        if end is not None and not math.isfinite(end):
            raise GateError(
                "an end must be finite",
                where=dimension.label,
                found=repr(end),
                expected="a number or nothing",
            )
    if low is not None and high is not None and not low < high:
        raise GateError(
            "the range is empty", where=dimension.label, found=f"{low} to {high}", expected="low < high"
        )
    return low, high
