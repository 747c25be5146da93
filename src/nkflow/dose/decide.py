"""One limit, one value, one verdict: by the rounded number, and by what is uncertain about it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from scipy import special

from nkflow.counting.frequency import Frequency
from nkflow.counting.intervals import clopper_pearson_upper
from nkflow.dose.limits import Limit, Operator
from nkflow.dose.reportable import complies, half_up, plain

__all__ = [
    "Judged",
    "Verdict",
    "by_probability",
    "judge_amount",
    "judge_exact",
    "judge_frequency",
    "p_lognormal",
    "p_normal",
    "worst",
]

Verdict = Literal["PASS", "PENDING", "INCONCLUSIVE", "FAIL", "INVALID"]
_ORDER: tuple[Verdict, ...] = ("PASS", "PENDING", "INCONCLUSIVE", "FAIL", "INVALID")


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst: INVALID > FAIL > INCONCLUSIVE > PENDING > PASS."""
    return max(verdicts, key=_ORDER.index, default="PASS")


@dataclass(frozen=True)
class Judged:
    """A limit with the value that was compared and both rules' answers.

    Attributes
    ----------
    value, reportable
        Unrounded, and rounded half-up to the limit's decimals as text; None and "" where there is none.
    simple
        The reportable value against the limit.
    guarded
        ``P(conform)`` against the protocol's confidence; None where the value has no uncertainty.
    p_conform
        Probability that the true value conforms (JCGM 106); None where a bound decides.
    p_conform_counting
        The same with counting alone, for frequencies.
    bound
        One-sided upper bound of the value.
    u
        Standard uncertainty: relative for amounts, percentage points for frequencies.
    note
        Why there is no number, or what the number means.
    """

    limit: Limit
    value: float | None
    simple: Verdict
    guarded: Verdict | None = None
    p_conform: float | None = None
    p_conform_counting: float | None = None
    bound: float | None = None
    u: float | None = None
    reportable: str = ""
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """The answer of the limit's own rule."""
        if self.limit.rule == "guarded" and self.guarded is not None:
            return self.guarded
        return self.simple

    @property
    def assurance(self) -> Verdict | None:
        """The answer of the other rule."""
        return self.simple if self.limit.rule == "guarded" else self.guarded

    def as_dict(self) -> dict[str, object]:
        """Return the limit and both answers as plain values."""
        limit = self.limit
        return {
            "quantity": limit.quantity,
            "population": limit.population,
            "of": limit.of,
            "scope": limit.scope,
            "op": limit.op,
            "limit": limit.value,
            "unit": limit.unit,
            "decimals": limit.decimals,
            "source": limit.source,
            "rule": limit.rule,
            "value": self.value,
            "reportable": self.reportable,
            "simple": self.simple,
            "guarded": self.guarded,
            "p_conform": self.p_conform,
            "p_conform_counting": self.p_conform_counting,
            "bound": self.bound,
            "u": self.u,
            "verdict": self.verdict,
            "assurance": self.assurance,
            "note": self.note,
        }


def p_lognormal(value: float, u_rel: float, *, op: Operator, limit: float) -> float:
    """Return ``Φ(ln(L/y)/u_rel)`` of an upper limit, and its complement of a lower one (JCGM 106, 7.3)."""
    distance = -math.inf if limit <= 0 else math.log(limit / value)
    return _phi(distance if op in ("<", "<=") else -distance, u_rel)


def p_normal(value: float, u: float, *, op: Operator, limit: float) -> float:
    """Return ``Φ((y - L)/u)`` of a lower limit, and its complement of an upper one."""
    return _phi((limit - value) if op in ("<", "<=") else (value - limit), u)


def by_probability(p: float, confidence: float) -> Verdict:
    """Return PASS at ``p ≥ confidence``, FAIL at ``p ≤ 1 - confidence``, else INCONCLUSIVE."""
    if p >= confidence:
        return "PASS"
    return "FAIL" if p <= 1 - confidence else "INCONCLUSIVE"


def judge_amount(
    limit: Limit, value: float, *, u_rel: float | None, bound: float, confidence: float
) -> Judged:
    """Judge an amount whose errors multiply (cells per kg, cells per mL).

    Zero events are not zero cells: where `u_rel` is None, `bound` (one-sided upper) decides the guarded rule.
    It passes an upper limit when it lies below, and is INCONCLUSIVE otherwise; a lower limit fails when the
    bound lies below it.
    """
    simple, reportable = _simple(limit, value)
    if u_rel is None:
        decided: Verdict = "PASS" if limit.op in ("<", "<=") else "FAIL"
        guarded: Verdict = decided if bound < limit.value else "INCONCLUSIVE"
        note = f"no events: the true value is below {bound:.6g} with {100 * confidence:g} % confidence"
        return Judged(limit, value, simple, guarded, bound=bound, reportable=reportable, note=note)
    p = p_lognormal(value, u_rel, op=limit.op, limit=limit.value)
    return Judged(
        limit,
        value,
        simple,
        by_probability(p, confidence),
        p_conform=p,
        bound=bound,
        u=u_rel,
        reportable=reportable,
    )


def judge_frequency(limit: Limit, share: Frequency, *, confidence: float) -> Judged:
    """Judge a percentage by ``Φ((y - L)/u)``, with counting alone and with gating too, which decides.

    Where no error is left (no events or all of them, and no gating term) the one-sided Clopper-Pearson bound
    decides.
    """
    simple, reportable = _simple(limit, share.percent)
    if share.u_total == 0:
        edge = _edge(share, confidence)
        answer = _by_edge(limit, edge, all_events=share.x > 0)
        return Judged(limit, share.percent, simple, answer, bound=edge, u=0.0, reportable=reportable)
    p = p_normal(share.percent, share.u_total, op=limit.op, limit=limit.value)
    alone = p_normal(share.percent, share.u_counting, op=limit.op, limit=limit.value)
    return Judged(
        limit,
        share.percent,
        simple,
        by_probability(p, confidence),
        p_conform=p,
        p_conform_counting=alone,
        u=share.u_total,
        reportable=reportable,
    )


def judge_exact(limit: Limit, value: float, *, note: str = "") -> Judged:
    """Judge a value whose uncertainty nobody states, by the simple rule alone."""
    simple, reportable = _simple(limit, value)
    return Judged(limit, value, simple, reportable=reportable, note=note)


def _simple(limit: Limit, value: float) -> tuple[Verdict, str]:
    rounded = half_up(value, limit.decimals)
    return ("PASS" if complies(rounded, limit.op, limit.value) else "FAIL"), plain(rounded)


def _phi(distance: float, u: float) -> float:
    """Return Φ(distance/u), and its limit for u = 0."""
    if u == 0:
        return 0.5 if distance == 0 else float(distance > 0)
    return float(special.ndtr(distance / u))


def _edge(share: Frequency, confidence: float) -> float:
    """Return the one-sided bound, in %, of a share of no events (upper) or of all of them (lower)."""
    bound = 100 * float(clopper_pearson_upper(0, share.n / share.homogeneity.phi, confidence=confidence))
    return bound if share.x == 0 else 100 - bound


def _by_edge(limit: Limit, edge: float, *, all_events: bool) -> Verdict:
    """Judge a share that lies between 0 and its upper bound `edge`, or between its lower bound and 100 %."""
    upper_limit = limit.op in ("<", "<=")
    if all_events:
        outside, decided = edge > limit.value, "FAIL" if upper_limit else "PASS"
    else:
        outside, decided = edge < limit.value, "PASS" if upper_limit else "FAIL"
    return cast(Verdict, decided) if outside else "INCONCLUSIVE"
