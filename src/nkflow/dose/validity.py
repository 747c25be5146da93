"""May this count and this product be dosed from at all? A finding of severity error says no: INVALID."""

from __future__ import annotations

from collections.abc import Iterator

from nkflow.counting.suitability import counting_findings
from nkflow.dose.case import Case
from nkflow.dose.units import plausible_mass
from nkflow.fcs.findings import Finding

__all__ = ["validity_findings"]


def validity_findings(case: Case) -> tuple[Finding, ...]:
    """Return findings on time, beads, recipient, earlier doses and counting."""
    return (
        *_times(case),
        *_bead_lot(case),
        *_recipient(case),
        *_schedule(case),
        *counting_findings(case.composition, dosed=case.dosed),
    )


def _times(case: Case) -> Iterator[Finding]:
    """A count has an age and a product expires; neither is extrapolated."""
    product, at = case.product, case.order.infusion_at
    hours = (at - product.counted_at).total_seconds() / 3600
    valid = case.protocol.counting.count_valid_h.get(product.state)
    if valid is None:
        text = f"the protocol says nothing of counts of {product.state} product"
        yield _error("count-state", text, "product.state", "its count can't be used")
    elif hours > valid:
        text = (
            f"the count is {hours:.1f} h old at infusion; the protocol allows {valid:g} h ({product.state})"
        )
        yield Finding(
            "count-too-old", "error", text, "product.counted_at", "count again; nothing is extrapolated"
        )
    if hours < 0:
        text = "the infusion is before the count"
        yield Finding(
            "count-after-infusion", "error", text, "dose.infusion_at", "one of the two times is wrong"
        )
    if at > product.expires_at:
        text = f"the product expires at {product.expires_at.isoformat()}, before the infusion"
        yield Finding(
            "product-expired", "error", text, "product.expires_at", "the product can't be given then"
        )


def _bead_lot(case: Case) -> Iterator[Finding]:
    beads = case.composition.counting.beads
    counted = case.product.counted_at.date()
    if beads is None or beads.expires_on >= counted:
        return
    text = f"bead lot {beads.lot} expired on {beads.expires_on}, before the count of {counted}"
    if case.composition.scale.method in ("beads", "bead_tube"):
        yield _error("beads-expired", text, "counting.beads", "its concentration is not assured")
    else:
        doubt = "the beads count nothing here, but the comparison with them is in doubt"
        yield Finding("beads-expired", "warning", text, "counting.beads", doubt)


def _recipient(case: Case) -> Iterator[Finding]:
    recipient, rule = case.recipient, case.protocol.mass
    basis = case.protocol.definitions.weight_basis
    if recipient.mass_basis != basis:
        text = f"the mass is {recipient.mass_basis}; the protocol doses by {basis} mass"
        yield Finding(
            "mass-basis", "error", text, "recipient.mass_basis", "the dose per kg is of another mass"
        )
    reason = plausible_mass(
        recipient.mass_kg,
        low_kg=rule.low_kg,
        high_kg=rule.high_kg,
        previous_kg=recipient.previous_mass_kg,
        max_change_pct=rule.max_change_pct,
    )
    if reason:
        yield Finding(
            "mass-implausible", "error", reason, "recipient.mass_kg", "weigh again; masses are in kg"
        )
    days = (case.order.infusion_at.date() - recipient.mass_measured_on).days
    if days < 0:
        text = f"the mass is of {recipient.mass_measured_on}, after the infusion"
        yield _error("mass-too-new", text, "recipient.mass_measured_on", "one of the two dates is wrong")
    if days > rule.valid_days:
        text = f"the mass was measured {days} days before the infusion; the protocol allows {rule.valid_days}"
        yield _error("mass-too-old", text, "recipient.mass_measured_on", "weigh again")


def _schedule(case: Case) -> Iterator[Finding]:
    """Every dose below this one was given, with its record, or skipped, with a reason."""
    known = {dose.number for dose in case.given} | {dose.number for dose in case.order.skipped}
    for level in case.protocol.doses:
        if level.number < case.order.number and level.number not in known:
            text = f"dose {level.number} is neither among the earlier doses nor declared skipped"
            consequence = "cumulative dose and residual T are not known"
            yield _error("dose-unaccounted", text, "dose.earlier", consequence)
    for skipped in case.order.skipped:
        text = f"dose {skipped.number} was skipped: {skipped.reason}"
        yield Finding("dose-skipped", "info", text, "dose.skipped", "sums hold the doses that were given")
    days = {level.number: level.day for level in case.protocol.doses}
    for dose in case.given:
        planned = days[case.order.number] - days.get(dose.number, 0)
        passed = (case.order.infusion_at - dose.infused_at).total_seconds() / 86_400
        if abs(passed - planned) > case.protocol.day_tolerance + 0.5:
            text = f"{passed:.1f} days after dose {dose.number}; the schedule has {planned}"
            yield Finding("off-schedule", "warning", text, "dose.infusion_at", "a physician decides")
        if passed <= 0:
            text = f"dose {dose.number} was infused after this one is to be"
            yield _error("doses-out-of-order", text, "dose.earlier", "one of the two times is wrong")
        if dose.patient != case.recipient.patient:
            text = f"the record of dose {dose.number} is of patient {dose.patient}"
            yield Finding(
                "other-patient", "error", text, "dose.earlier", "doses of two people can't be added"
            )
        if dose.verdict == "INVALID":
            text = f"the record of dose {dose.number} is INVALID"
            yield Finding("earlier-invalid", "warning", text, "dose.earlier", "its numbers enter the sums")


def _error(code: str, message: str, where: str, consequence: str) -> Finding:
    return Finding(code, "error", message, where, consequence)
