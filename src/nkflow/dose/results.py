"""Results of other tests against what the protocol asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nkflow.dose.decide import Judged, Verdict, judge_exact
from nkflow.dose.externals import ExternalResult, ExternalRule
from nkflow.dose.limits import Limit

__all__ = ["ExternalCheck", "check_external", "judge_external"]

PENDING = ExternalResult(state="pending")


@dataclass(frozen=True)
class ExternalCheck:
    """One result that the protocol asks for, and whether it may stand at release."""

    name: str
    verdict: Verdict
    result: ExternalResult
    required: str
    source: str
    note: str

    def as_dict(self) -> dict[str, object]:
        """Return the check as plain values."""
        return {
            "verdict": self.verdict,
            "result": self.result.as_dict(),
            "required": self.required,
            "source": self.source,
            "note": self.note,
        }


def check_external(rule: ExternalRule, results: Mapping[str, ExternalResult]) -> ExternalCheck:
    """Judge presence, outcome and state of a result; a missing one is PENDING, never PASS.

    A number only has to be there: a limit judges it. An interim result that contradicts the protocol fails
    all the same.
    """
    result = results.get(rule.name, PENDING)
    required = rule.outcome or "a value"
    if result.state == "pending":
        note = "pending" if rule.name in results else "missing"
        return ExternalCheck(rule.name, "PENDING", result, required, rule.source, note)
    if rule.outcome is not None and (result.outcome or "").lower() != rule.outcome.lower():
        found = result.outcome if result.outcome is not None else "a number"
        return ExternalCheck(rule.name, "FAIL", result, required, rule.source, f"found {found}")
    if result.state == "interim" and not rule.accept_interim:
        note = "interim; the protocol asks for the final result"
        return ExternalCheck(rule.name, "PENDING", result, required, rule.source, note)
    note = "interim, accepted by the protocol" if result.state == "interim" else ""
    return ExternalCheck(rule.name, "PASS", result, required, rule.source, note)


def judge_external(
    limit: Limit, result: ExternalResult | None, *, factor: float = 1.0, accept_interim: bool = False
) -> Judged:
    """Judge a numeric result times `factor` (volume per kg, for endotoxin per kg).

    ``< value``: the truth lies below; an upper limit at or above the value is met, a lower one missed, and
    anything else is INCONCLUSIVE.
    """
    if result is None or result.state == "pending":
        return Judged(
            limit, None, "PENDING", note="the result is pending" if result else "the result is missing"
        )
    if result.below is not None:
        judged = _below(limit, factor * result.below)
    elif result.value is not None:
        judged = judge_exact(limit, factor * result.value)
    else:
        return Judged(limit, None, "PENDING", note=f"{result.outcome} is no number")
    if result.state == "interim" and not accept_interim and judged.simple != "FAIL":
        return Judged(
            limit, judged.value, "PENDING", bound=judged.bound, reportable=judged.reportable, note="interim"
        )
    return judged


def _below(limit: Limit, edge: float) -> Judged:
    upper = limit.op in ("<", "<=")
    decided: Verdict = "PASS" if upper else "FAIL"
    verdict: Verdict = decided if edge <= limit.value else "INCONCLUSIVE"
    return Judged(
        limit, None, verdict, bound=edge, reportable=f"< {edge:.6g}", note="below what the test can see"
    )
