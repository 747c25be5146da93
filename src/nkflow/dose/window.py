"""The delivered dose against the prescribed one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from nkflow.dose.decide import Verdict, by_probability
from nkflow.dose.limits import DoseWindow
from nkflow.dose.perkg import Amount
from nkflow.dose.reportable import decimal, half_up, plain

__all__ = ["Window", "window_of"]


@dataclass(frozen=True)
class Window:
    """The delivered dose against the prescribed one, in percent of it; `p_within` of the true dose."""

    deviation_pct: float
    reportable: str
    p_within: float
    simple: Verdict
    guarded: Verdict
    rule: str

    @property
    def verdict(self) -> Verdict:
        """The answer of the protocol's rule."""
        return self.guarded if self.rule == "guarded" else self.simple

    @property
    def assurance(self) -> Verdict:
        """The answer of the other rule."""
        return self.simple if self.rule == "guarded" else self.guarded

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain values."""
        return vars(self) | {"verdict": self.verdict, "assurance": self.assurance}


def window_of(delivered: Amount, prescribed: float, *, rule: DoseWindow, confidence: float) -> Window:
    """Return the deviation in percent, and the probability that the true, log-normal dose is in the window.

    ``P = Φ((ln(1+high) - d)/u) - Φ((ln(1+low) - d)/u)`` with d = ln(delivered/prescribed).
    """
    deviation = 100 * (delivered.value / prescribed - 1)
    rounded = half_up(deviation, rule.decimals)
    inside = decimal(rule.low_pct) <= rounded <= decimal(rule.high_pct)
    d, u = math.log(delivered.value / prescribed), delivered.u_rel or 0.0
    low, high = math.log1p(rule.low_pct / 100), math.log1p(rule.high_pct / 100)
    p = float(special.ndtr((high - d) / u) - special.ndtr((low - d) / u)) if u else float(low <= d <= high)
    simple: Verdict = "PASS" if inside else "FAIL"
    return Window(deviation, plain(rounded), p, simple, by_probability(p, confidence), rule.rule)
