"""What one axis of a gate measures: a channel, or the ratio of two, its scale, compensated or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nkflow.errors import GateError
from nkflow.scales import Ratio, Scale

__all__ = ["Dimension", "Placed", "Space", "as_dimension"]

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
