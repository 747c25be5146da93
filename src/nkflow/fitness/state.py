"""Were the events compensated before? What the residual slopes say, whatever the keywords say (FCS-C06)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover
from nkflow.fcs.findings import Finding

__all__ = ["FEWEST", "State", "state_from"]

SIZEABLE = 0.02  # of a coefficient: what a second compensation would show
FEWEST = 2  # pairs
NOISE = 0.01  # of a residual slope, besides its standard error
ALREADY = (0.65, 1.5)
NOT = 0.35

Word = Literal["compensated already", "not compensated", "unclear"]


@dataclass(frozen=True)
class State:
    """What a tube says about its events as the file holds them.

    Attributes
    ----------
    word
        ``compensated already``: the matrix takes away what is not there any more; ``not compensated``: it takes
        away what was there; ``unclear``.
    share
        Part of the matrix that compensation with it takes away too much: 0 where the events needed it, 1 where
        they had it before. NaN where no pair says anything.
    pairs
        Number of pairs of channels that this rests on.
    """

    word: Word
    share: float
    pairs: int

    def findings(self, where: str = "") -> tuple[Finding, ...]:
        """Return a finding where the events were compensated before."""
        if self.word != "compensated already":
            return ()
        text = (
            "the events are compensated already: compensating them leaves every neighbour of a bright channel "
            f"negative by {100 * self.share:.0f} % of the matrix ({self.pairs} pairs of channels)"
        )
        consequence = "compensate nothing (policy: none), whatever the keywords say"
        return (Finding("compensated-before", "error", text, where, consequence),)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values; a share that nothing tells is None."""
        share = round(self.share, 4) if np.isfinite(self.share) else None
        return {"state": self.word, "share": share, "pairs": self.pairs}


def state_from(slopes: NDArray[np.float64], errors: NDArray[np.float64], matrix: Spillover) -> State:
    """Tell the state of events from residual slopes (n, n) after compensation with the square `matrix`.

    If the events y were compensated before, compensating them again gives ``y @ inv(S)``: in the neighbour j of
    a bright channel i a slope of ``inv(S)_ij / inv(S)_ii``, about ``-S_ij``. The share of that which is found,
    weighted by its certainty, is 1 for events that were compensated before and 0 for others.
    """
    again = matrix.inverse / np.diag(matrix.inverse)[:, None]
    use = np.isfinite(slopes) & (np.abs(again) >= SIZEABLE)
    np.fill_diagonal(use, False)
    count = int(use.sum())
    if not count:
        return State("unclear", float("nan"), 0)
    weight = 1.0 / (errors[use] ** 2 + NOISE**2)
    share = float(np.sum(weight * slopes[use] * again[use]) / np.sum(weight * again[use] ** 2))
    word: Word = "unclear"
    if count >= FEWEST and ALREADY[0] <= share <= ALREADY[1]:
        word = "compensated already"
    elif count >= FEWEST and abs(share) <= NOT:
        word = "not compensated"
    return State(word, share, count)
