"""Why the verdict is not PASS, in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nkflow.release.page.numbers import fixed, probability, separated

__all__ = ["reasons", "required"]

Record = Mapping[str, Any]

_SIGNS = {"<=": "≤", ">=": "≥"}


def reasons(record: Record) -> tuple[str, ...]:
    """Return every reason of the record, those of limits and awaited results as sentences.

    A reason of another verdict than the page's keeps that word. Beside INVALID stands what the numbers alone
    would have said.
    """
    verdict, dose = record["verdict"], record.get("dose")
    sentences = _sentences(dose) if dose else {}
    lines = [_plain(str(reason), sentences).removeprefix(f"{verdict}: ") for reason in record["reasons"]]
    computed = dose["computed_verdict"] if dose else verdict
    if computed != verdict:
        lines.append(f"The numbers alone would have been {computed}; that stays on this page.")
    return tuple(dict.fromkeys(lines))


def required(limit: Record, *, unit: bool = True) -> str:
    """Return operator and value of a limit with its decimals; operators are never normalised."""
    text = f"{_SIGNS.get(limit['op'], limit['op'])} {fixed(limit['limit'], limit['decimals'])}"
    return f"{text} {limit['unit']}" if unit else text


def _plain(reason: str, sentences: Mapping[str, str]) -> str:
    """Return the sentence for a reason that is known by its beginning, else the reason as it stands."""
    return next((text for start, text in sentences.items() if reason.startswith(start)), reason)


def _sentences(dose: Record) -> dict[str, str]:
    """Return the sentence for each limit and result, by the beginning of its reason (``FAIL: residual T: ``)."""
    asked = fixed(dose["protocol"]["confidence"], 2)
    found = {
        f"{judged['verdict']}: {name}: ": f"{judged['verdict']}: {name} {_said(judged, asked)}"
        for name, judged in dose["limits"].items()
    }
    return found | {
        f"{check['verdict']}: {name}: ": f"{check['verdict']}: {name}: {_awaited(check)}"
        for name, check in dose["externals"].items()
    }


def _said(judged: Record, asked: str) -> str:
    if not judged["reportable"]:
        return f"has no value: {judged['note']}"
    value = f"is {separated(judged['reportable'])} {judged['unit']}"
    if judged["verdict"] == "INCONCLUSIVE" and judged["p_conform"] is not None:
        chance = probability(judged["p_conform"])
        return (
            f"{value}; that it is {required(judged)} has a probability of {chance}, and {asked} is asked for"
        )
    note = f" ({judged['note']})" if judged["note"] else ""
    return f"{value}; the protocol asks for {required(judged)}{note}"


def _awaited(check: Record) -> str:
    if check["verdict"] == "PENDING":
        return f"the result is {check['note']}"
    return f"{check['note']}; the protocol asks for {check['required']}"
