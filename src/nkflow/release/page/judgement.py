"""What was demanded and what was found: limits, dose window, results of other tests, findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, number, strong, text, verdict
from nkflow.release.page.numbers import DASH, exact, fixed, probability, separated, significant
from nkflow.release.page.reasons import required

__all__ = ["doubtful", "findings", "limits"]

Record = Mapping[str, Any]

_SEVERITY = {"error": 0, "warning": 1, "info": 2}


def limits(record: Record) -> Section:
    """Return a row for each limit, for the dose window and for each result from outside."""
    dose = record["dose"]
    window = [_window(record["protocol"]["dose_window"], dose["window"])] if dose["window"] else []
    rows = [*(_limit(name, judged) for name, judged in dose["limits"].items()), *window]
    words = [judged["verdict"] for judged in dose["limits"].values()]
    met = sum(word == "PASS" for word in words)
    confidence = fixed(100 * dose["protocol"]["confidence"], 0)
    tables = [
        Table(("Limit", "Value", "Required", "Verdict", "Assurance", "Source"), tuple(rows)),
    ]
    if dose["externals"]:
        columns = ("Result of another test", "Found", "Required", "Verdict", "Source")
        tables.append(Table(columns, tuple(_external(*item) for item in dose["externals"].items())))
    return Section(
        "limits",
        "Limits",
        f"{met} of {len(words)} met",
        lead=(
            "Each value is rounded half-up to the decimals of its limit and compared as the operator says "
            f"(simple rule), or has to conform with a probability of {confidence} % (guarded rule). The "
            "verdict is that of the rule which the protocol names; the assurance is the other rule's answer.",
        ),
        tables=tuple(tables),
    )


def doubtful(record: Record) -> tuple[str, ...]:
    """Return the limits that pass while the other rule would not: their approval needs a reason."""
    dose = record.get("dose") or {"limits": {}}
    return tuple(
        name
        for name, judged in dose["limits"].items()
        if judged["verdict"] == "PASS" and judged["assurance"] not in (None, "PASS")
    )


def findings(record: Record) -> Section:
    """Return everything that was odd, errors first, and what follows from it."""
    seen = dict.fromkeys(_all_findings(record))
    ordered = sorted(seen, key=lambda row: _SEVERITY.get(row[0], 0))
    rows = tuple(
        (Cell(severity, "severity"), text(place), text(message, consequence), text(code))
        for severity, place, message, consequence, code in ordered
    )
    tables = (Table(("Severity", "Where", "What, and what follows", "Code"), rows),) if rows else ()
    kinds = [f"{n} {word}" for word in _SEVERITY if (n := sum(row[0] == word for row in ordered))]
    return Section(
        "findings",
        "Findings",
        ", ".join(kinds) if kinds else "none",
        lead=() if rows else ("Nothing odd was found in the files, the gating or the counting.",),
        tables=tables,
    )


def _limit(name: str, judged: Record) -> tuple[Cell, ...]:
    unit = judged["unit"]
    shown = judged["reportable"]
    value = f"{separated(shown)} {unit}" if shown else "no value"
    unrounded = f"unrounded {exact(judged['value'])}" if judged["value"] is not None else ""
    scope = "sum over all doses" if judged["scope"] == "cumulative" else ""
    of = " of ".join(part for part in (judged["population"], judged["of"]) if part)
    return (
        strong(name, "; ".join(part for part in (of, scope) if part)),
        number(value, "; ".join(part for part in (unrounded, judged["note"]) if part)),
        number(required(judged)),
        verdict(judged["verdict"], f"{judged['rule']} rule"),
        verdict(judged["assurance"], _conform(judged)),
        text(judged["source"]),
    )


def _conform(judged: Record) -> str:
    parts = []
    if judged["p_conform"] is not None:
        parts.append(f"P(conform) {probability(judged['p_conform'])}")
    if judged["bound"] is not None:
        parts.append(f"one-sided bound {significant(judged['bound'])}")
    return ", ".join(parts)


def _window(rule: Record, window: Record) -> tuple[Cell, ...]:
    allowed = f"{rule['low_pct']:+g} to {rule['high_pct']:+g} %".replace("-", "−")
    return (
        strong("delivered dose", "deviation from the prescribed dose"),
        number(f"{separated(window['reportable'])} %", f"unrounded {exact(window['deviation_pct'])}"),
        number(allowed),
        verdict(window["verdict"], f"{window['rule']} rule"),
        verdict(window["assurance"], f"P(true dose within) {probability(window['p_within'])}"),
        text(rule["source"]),
    )


def _external(name: str, check: Record) -> tuple[Cell, ...]:
    result = check["result"]
    found = result["outcome"]
    if result["value"] is not None:
        found = f"{result['value']:g}"
    elif result["below"] is not None:
        found = f"< {result['below']:g}"
    state = "" if result["state"] == "final" else result["state"]
    return (
        strong(name),
        text(found if found is not None else DASH, state),
        text(check["required"]),
        verdict(check["verdict"], check["note"]),
        text(check["source"]),
    )


def _all_findings(record: Record) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (severity, where, message, consequence, code) of lot, dose and tubes."""
    for tube in record["tubes"]:
        if tube.get("error"):
            failure = tube["error"]
            what = "; ".join(
                f"{word} {failure[word]}" if word != "message" else str(failure[word])
                for word in ("message", "found", "expected")
                if failure.get(word)
            )
            yield (
                "error",
                f"tube {tube['id']}",
                what,
                str(failure.get("next_step", "")),
                str(failure["code"]),
            )
        for finding in tube["findings"]:
            yield _row(finding, f"tube {tube['id']}")
    for finding in (*(record.get("dose") or {}).get("findings", ()), *record.get("findings", ())):
        yield _row(finding, "")


def _row(finding: Record, tube: str) -> tuple[str, str, str, str, str]:
    place = ", ".join(part for part in (tube, finding["where"]) if part) or "lot"
    return (finding["severity"], place, finding["message"], finding["consequence"], finding["code"])
