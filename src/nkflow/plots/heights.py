"""The vertical axis of a histogram: the square root of the events, so that a rare population is seen."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from nkflow.errors import InvalidValueError
from nkflow.plots.axis import Mark

__all__ = ["Heights"]

AIR = 0.94  # the fullest bin ends here
APART = 0.07  # of the axis: labels nearer to each other would touch
SPARSE = 10.0  # events that a full axis stands for at least, so that one event does not fill the frame


@dataclass(frozen=True)
class Heights:
    """An axis like `nkflow.plots.axis.Axis` whose places are fractions of the frame, 0 at the bottom.

    Attributes
    ----------
    top
        Events of the fullest bin.
    """

    top: float
    label: ClassVar[str] = "events (square root)"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0

    @classmethod
    def of(cls, counts: npt.ArrayLike) -> Heights:
        """Return the axis for (n,) events per bin.

        Raises
        ------
        InvalidValueError
            Where `counts` is not a 1-D array of non-negative numbers.
        """
        counts = np.asarray(counts, dtype=np.float64)
        if counts.ndim != 1 or counts.size == 0 or not bool(np.all(counts >= 0)):
            raise InvalidValueError(
                "a histogram needs a 1-D array of counts",
                code="histogram",
                found=f"shape {counts.shape}",
                expected="(n,), no negative and no NaN",
            )
        return cls(max(float(counts.max()), SPARSE))

    def at(self, counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return where on the axis so many events stand."""
        return AIR * np.sqrt(np.asarray(counts, dtype=np.float64) / self.top)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """0, and 1, 2, 5 times the powers of ten as far as there is room."""
        kept = [Mark(0.0, "0")]
        rising = (step * 10**power for power, step in itertools.product(range(12), (1, 2, 5)))
        for count in itertools.takewhile(lambda count: count <= self.top, rising):
            place = float(self.at(count))
            if place - kept[-1].at >= APART:
                kept.append(Mark(place, f"{count:,}"))
        return tuple(kept)

    def fraction(self, at: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return places as fractions of the axis, cut off at its ends."""
        return np.clip(np.asarray(at, dtype=np.float64), 0.0, 1.0)
