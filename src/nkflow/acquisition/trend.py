"""Whether the share of a population changes along the run: 7-AAD gets into living cells while they wait."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.acquisition.quality import Quality
from nkflow.errors import InvalidValueError
from nkflow.fcs.findings import Finding

__all__ = ["Trend", "share_trend"]

_Z = 1.959963984540054  # two-sided 95 %
_FEWEST = 100


@dataclass(frozen=True)
class Trend:
    """How the share of a population changed along one run, by a straight line.

    Attributes
    ----------
    part, whole
        Names of the population and of its reference population.
    events
        Kept events of the reference population.
    change, low, high
        Share at the end of the run minus share at its begin, with its 95 % interval (DOMAIN 2.4: 7-AAD+ % vs
        time); None where `reason` says why it is not known.
    """

    part: str
    whole: str
    events: int
    change: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    def finding(self, *, limit: float) -> Finding | None:
        """Return a finding where the change is more than `limit`, beyond doubt, up or down."""
        if self.change is None or self.low is None or self.high is None:
            return None
        if self.low <= limit and self.high >= -limit:
            return None
        return Finding(
            "share-drifts",
            "warning",
            f"{self.part} of {self.whole} changes by {100 * self.change:+.1f} percentage points over the run "
            f"(95 %: {100 * self.low:+.1f} to {100 * self.high:+.1f})",
            where=self.part,
            consequence="The share depends on when the tube was measured.",
        )

    def as_dict(self) -> dict[str, object]:
        """Return plain values."""
        return dict(vars(self))


def share_trend(
    quality: Quality,
    part: NDArray[np.bool_],
    whole: NDArray[np.bool_],
    *,
    names: tuple[str, str] = ("part", "whole"),
) -> Trend:
    """Return how the share of `part` in `whole` changes along the kept part of the run.

    Least squares of 0 and 1 on the place in time, its standard error that of the score test for a trend in
    proportions (Armitage 1955, doi:10.2307/3001775).

    Parameters
    ----------
    part, whole : (n_events,) bool
        `part` counts only inside `whole`; both are cut by the mask of `quality`.
    """
    if part.shape != quality.mask.shape or whole.shape != quality.mask.shape:
        raise InvalidValueError(
            "masks don't fit the run",
            found=f"{part.size} and {whole.size} events",
            expected=str(quality.mask.size),
        )
    inside = whole & quality.mask
    events = int(np.count_nonzero(inside))
    if quality.time is None or quality.total_time is None:
        return Trend(*names, events, reason=quality.reason)
    if events < _FEWEST:
        return Trend(*names, events, reason=f"{events} events are fewer than {_FEWEST}")
    at = quality.time[inside] / quality.total_time
    at = at - at.mean()
    hits = part[inside].astype(np.float64)
    share = float(hits.mean())
    spread = float(at @ at)
    if spread == 0.0:
        return Trend(*names, events, reason="all events have one time")
    change = float(at @ hits) / spread
    half = _Z * float(np.sqrt(share * (1.0 - share) / spread))
    return Trend(*names, events, change, change - half, change + half)
