"""What one axis of a gate measures: a channel, or the ratio of two, its scale, compensated or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from nkflow.errors import GateError
from nkflow.scales import Ratio, Scale
from nkflow.scales.parameters import as_float

__all__ = ["Dimension", "Placed", "Space", "as_dimension", "as_number", "as_numbers"]

Space = Literal["data", "display"]


@dataclass(frozen=True)
class Dimension:
    """One axis of a gate.

    Attributes
    ----------
    channel
        A marker of the panel or a ``$PnN``; of a ratio the numerator.
    scale
        How data units become display units; None: the template's scale of that channel.
    compensated
        True or False where the gate insists; None: compensated where the matrix has the channel.
    per
        Denominator of a ratio; None: no ratio.
    ratio
        A, B, C of ``A (numerator - B) / (denominator - C)`` (Gating-ML 2.0, fratio).
    matrix
        One of the template's further matrices, by its name, whose dye `channel` is; "": the tube's own.
    """

    channel: str
    scale: Scale | None = None
    compensated: bool | None = None
    per: str | None = None
    ratio: Ratio | None = None
    matrix: str = ""

    def __post_init__(self) -> None:
        if not self.channel or self.per == "":
            raise GateError(
                "a dimension needs the name of its channel", found="''", expected="a marker or $PnN"
            )
        if (self.per is None) is not (self.ratio is None):
            raise GateError("a ratio needs its second channel and its constants", where=self.label)

    @property
    def label(self) -> str:
        """The words for an axis: ``CD3``, ``FSC-A / FSC-H``."""
        return self.channel if self.per is None else f"{self.channel} / {self.per}"

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels it reads."""
        return (self.channel,) if self.per is None else (self.channel, self.per)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a gate written in code goes: the population it makes, and the population it divides.

    ``parent`` None is all events. In a template both stand on the `Population` and are None here.
    """

    name: str | None = None
    parent: str | None = None


def as_dimension(channel: str | Dimension) -> Dimension:
    """Return `channel` as a `Dimension`, which it may be already."""
    return channel if isinstance(channel, Dimension) else Dimension(channel)


def as_number(value: object, where: str = "") -> float:
    """Return a coordinate as a float; `GateError` where it is no number."""
    number = as_float(value)
    if number is None:
        raise GateError("a coordinate must be a number", where=where, found=repr(value))
    return number


def as_numbers(values: object, where: str = "", *, count: int | None = None) -> tuple[float, ...]:
    """Return the coordinates of a point; `GateError` where they are no numbers, or not `count` of them."""
    found = tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else None
    if found is None or (count is not None and len(found) != count):
        expected = "numbers" if count is None else f"{count} numbers"
        raise GateError("a point is not one", where=where, found=repr(values), expected=expected)
    return tuple(as_number(value, where) for value in found)
