"""One axis of a plot: what it shows, on which scale, between which ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nkflow.errors import InvalidValueError
from nkflow.scales import Scale
from nkflow.scales.ticks import ticks

__all__ = ["Axis", "Mark"]


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
        """Ticks at decades of the data units that lie between the ends, in display units."""
        raise NotImplementedError

    def fraction(self, at: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return display-unit positions as fractions of the axis, cut off at its ends (infinities too)."""
        place = (np.asarray(at, dtype=np.float64) - self.low) / (self.high - self.low)
        return np.clip(place, 0.0, 1.0)
