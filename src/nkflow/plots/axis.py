"""One axis of a plot: what it shows, on which scale, between which ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nkflow.errors import InvalidValueError
from nkflow.scales import Scale
from nkflow.scales.ticks import ticks

__all__ = ["Axis", "Mark"]

APART = 0.09  # of the axis: labels nearer to each other would touch
CROWDED = 0.009  # of the axis: marks without a text nearer to each other are a smear


@dataclass(frozen=True)
class Mark:
    """A tick: its place in display units, its text ("" for a minor one)."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """One axis: its label, its scale and its ends in display units.

    Raises
    ------
    InvalidValueError
        Where the ends are not finite, or not in order.
    """

    label: str
    scale: Scale
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise InvalidValueError(
                "an axis needs two finite ends",
                code="axis",
                where=self.label,
                found=f"{self.low} to {self.high}",
                expected="low < high, in display units",
            )

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Ticks at round numbers or decades of the data units, in display units and in rising order."""
        found = ticks(self.scale, self.low, self.high)
        length = self.high - self.low
        marks = dict.fromkeys(_thinned(found.minor, CROWDED * length), "")
        room = APART * length
        labelled = zip(found.positions, found.labels, strict=True)
        # where labels would touch, zero keeps its text, then the outermost decades theirs
        kept: list[float] = []
        for at, text in sorted(labelled, key=lambda label: (label[1] != "0", -abs(label[0]))):
            free = all(abs(at - other) >= room for other in kept)
            marks[at] = text if free else ""
            kept += [at] if free else []
        return tuple(Mark(at, marks[at]) for at in sorted(marks))

    def fraction(self, at: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return display-unit positions as fractions of the axis, cut off at its ends (infinities too)."""
        place = (np.asarray(at, dtype=np.float64) - self.low) / (self.high - self.low)
        return np.clip(place, 0.0, 1.0)


def _thinned(places: Sequence[float], room: float) -> list[float]:
    """Return the places that are not nearer than `room` to the last one kept."""
    kept: list[float] = []
    for place in places:
        if not kept or place - kept[-1] >= room:
            kept.append(place)
    return kept
