"""Are the controls there, and do they show what they must? FMO, unstained, process control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nkflow.dose.materials import SheetRange
from nkflow.dose.suitability import ControlRange
from nkflow.release.suitability.check import Check, Measured, met
from nkflow.release.tubes import GatedTube

__all__ = ["control_checks"]


def control_checks(measured: Measured) -> Iterator[Check]:
    """Yield whether each control that the protocol requires is there, and each range that a control must lie in."""
    there = Counter((tube.role, tube.marker) for tube in measured.tubes)
    for wanted in measured.rules.required_tubes:
        count = there[wanted.role, wanted.marker]
        name = f"{wanted.role} {wanted.marker or ''}".strip()
        value = f"{name}: {count} tube{'' if count == 1 else 's'}" if count else f"{name} is missing"
        outcome, limit = met(count > 0), "at least 1 tube of each"
        yield Check("controls present", "", value, limit, outcome, measured.rules.source)
    for rule in measured.rules.ranges:
        for tube in measured.tubes:
            if (tube.role, tube.marker) == (rule.role, rule.marker) and tube.gating is not None:
                yield _in_range(tube, rule, rule.source)
    for tube in measured.tubes:
        sheet = tube.tube.sheet
        if sheet is None and tube.role in measured.rules.control_sheets:
            value, limit = "not stated", "the sheet of its lot"
            yield Check(
                f"{tube.role} sheet", tube.tube.name, value, limit, "not assessable", measured.rules.source
            )
        for assigned in () if sheet is None or tube.gating is None else sheet.ranges:
            yield _in_range(tube, assigned, f"sheet of lot {sheet.lot if sheet else ''}")


def _in_range(tube: GatedTube, rule: ControlRange | SheetRange, source: str) -> Check:
    """Return whether a frequency of a control, of its kept events, lies in a range."""
    parts = (tube.role, tube.marker or "", f"{rule.population} of {rule.of}")
    name = " ".join(part for part in parts if part)
    limit = f"{rule.low_pct:g} to {rule.high_pct:g} %"
    part, whole = tube.kept.get(rule.population), tube.kept.get(rule.of)
    least = rule.at_least if isinstance(rule, ControlRange) else 1
    if part is None or whole is None:
        return Check(name, tube.tube.name, f"no {rule.of} counted", limit, "not assessable", source)
    if whole < least:
        value = f"{whole:,} {rule.of} events"
        return Check(name, tube.tube.name, value, f"{limit}, of {least:,} or more", "not assessable", source)
    share = 100 * part / whole
    value = f"{share:.3g} % ({part:,} of {whole:,})"
    return Check(name, tube.tube.name, value, limit, met(rule.low_pct <= share <= rule.high_pct), source)
