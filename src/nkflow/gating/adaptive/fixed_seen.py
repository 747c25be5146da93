"""What the data say about a number that is fixed: the density it stands in, and the valleys there."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nkflow.gating.adaptive.density import MIN_EVENTS, Density, density
from nkflow.gating.adaptive.explained_drawing import curve_of
from nkflow.gating.adaptive.fixed_numbers import FixedNumber
from nkflow.plots.axis import Axis
from nkflow.plots.cut import CutPicture
from nkflow.scales import Scale

if TYPE_CHECKING:
    from nkflow.gating.result import Gating

__all__ = ["FixedSeen", "fixed_seen"]


@dataclass(frozen=True, eq=False)
class FixedSeen:
    """A fixed number in the events of the population that it divides.

    Attributes
    ----------
    parent, n
        That population, and its events.
    at
        The number in display units.
    candidates
        Valleys of the density, display units: where a cut could be found. None is used.
    """

    number: FixedNumber
    parent: str
    n: int
    at: float
    scale: Scale
    density: Density = field(repr=False)
    candidates: tuple[float, ...]

    @property
    def text(self) -> str:
        """In words."""
        places = ", ".join(f"{float(self.scale.inverse(at)):.4g}" for at in self.candidates) or "none"
        return f"{self.number.text} in {self.parent} ({self.n} events); valleys there: {places}"

    @property
    def picture(self) -> CutPicture:
        """The drawing."""
        seen = self.density
        low, high = seen.low, seen.low + seen.step * len(seen.height)
        axis = Axis(
            f"{self.number.channel} in {self.parent}", self.scale, min(low, self.at), max(high, self.at)
        )
        title = f"{self.number.populations[0]}: {self.number.number} of {self.number.channel}, fixed"
        note = f"{self.number.value:g} in every tube"
        return CutPicture(axis, (curve_of(seen),), None, (self.at,), 0.0, self.candidates, title, note)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        seen = self.density
        return self.number.as_dict() | {
            "of": self.parent, "events": self.n, "display": self.at, "candidates": list(self.candidates),
            "candidates_data": [float(self.scale.inverse(at)) for at in self.candidates],
            "density": {
                "low": seen.low, "step": seen.step, "bandwidth": seen.bandwidth,
                "counts": [int(count) for count in seen.counts], "height": seen.height.tolist(),
            },
        }  # fmt: skip


def fixed_seen(gating: Gating, number: FixedNumber) -> FixedSeen | None:
    """Return a fixed number in its events; None for outlines, without a scale, and where there is too little to see."""
    scale = gating.template.scales.get(number.channel)
    parent = gating.parent(number.populations[0])
    if number.value is None or scale is None or parent is None or gating.totals.words is None:
        return None
    if parent not in gating.counts:
        return None
    values = scale.column(np.ascontiguousarray(gating.values(parent, number.channel)[:, 0]))
    if np.count_nonzero(np.isfinite(values)) < MIN_EVENTS:
        return None
    found = density(values)
    valleys = tuple(
        found.place(float(left.bin + np.argmin(found.height[left.bin : right.bin + 1])))
        for left, right in itertools.pairwise(found.peaks)
    )
    at = number.value if number.space == "display" else float(scale.forward(number.value))
    return FixedSeen(number, parent, found.n, at, scale, found, valleys)
