"""The window in which a cut may lie, and the wider range in which it is looked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nkflow.gating.adaptive.found import Found, NoGate

__all__ = ["ANYWHERE", "Window", "allowed"]


@dataclass(frozen=True)
class Window:
    """From `low` to `high` (inclusive), in display units."""

    low: float = -math.inf
    high: float = math.inf

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def widened(self, by: float = 0.5) -> Window:
        """Return the range in which candidates are looked for: wider by a part of the width on either side.

        A cut just outside is found there and reported as a breach, and not replaced by the next best one
        inside.
        """
        margin = by * (self.high - self.low) if math.isfinite(self.high - self.low) else 0.0
        return Window(self.low - margin, self.high + margin)


ANYWHERE = Window()


def allowed(found: Found, window: Window) -> Found:
    """Return `found`, or *no gate* where the cut lies outside `window`."""
    if isinstance(found, NoGate) or found.at in window:
        return found
    return NoGate(
        "outside-window", "the cut lies outside its window", found.method, found.n, found, found.density
    )
