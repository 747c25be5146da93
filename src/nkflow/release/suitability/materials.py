"""Are the lot's materials there and in date: beads, antibodies and dyes, control material?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from nkflow.release.suitability.check import Check, Measured, met

__all__ = ["material_checks"]


def material_checks(measured: Measured) -> Iterator[Check]:
    """Yield whether what the protocol requires is named, and whether what is named was in date."""
    there = {reagent.name for reagent in measured.lot.reagents}
    for name in measured.rules.required_reagents:
        if name not in there:
            text = f"reagent {name}"
            yield Check(
                text, "", "not stated", "its lot and last day", "not assessable", measured.rules.source
            )
    beads = measured.lot.counting.beads
    if beads is not None:
        yield _in_date("bead lot in date", f"lot {beads.lot}", beads.expires_on, measured)
    for reagent in measured.lot.reagents:
        what = f"{reagent.name}, lot {reagent.lot},"
        yield _in_date("reagents in date", what, reagent.expires_on, measured)
    for tube in measured.tubes:
        sheet = tube.tube.sheet
        if sheet is not None:
            label, what = f"{tube.role} in date", f"lot {sheet.lot}"
            yield _in_date(label, what, sheet.expires_on, measured, tube=tube.tube.name)


def _in_date(name: str, what: str, expires_on: dt.date, measured: Measured, *, tube: str = "") -> Check:
    day = measured.last_day
    word = "expires" if expires_on >= day else "expired"
    value, limit = f"{what} {word} on {expires_on}", f"{day} or later"
    return Check(name, tube, value, limit, met(expires_on >= day), "the label, as the lot states it")
