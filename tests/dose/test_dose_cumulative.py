"""Doses already given, from their records: sums with the covariances of what they share."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest

from nkflow import documents
from nkflow.counting.intervals import poisson_upper
from nkflow.dose.document import dose_of_counts
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import Protocol
from nkflow.dose.result import Dose
from nkflow.errors import LotError
from worked.cases import changed, counts, dose, plain, t_limit

AFTER = "2026-03-17T11:30:00Z"
ELSEWHERE = {"lot": "EXAMPLE-2"}
OTHER = {"tubes.0.counts.T": 60, "tubes.0.counts.other": 507, "counting.beads.lot": "B-2"}
LIMITS = [t_limit(1e5, name="sum", scope="cumulative"), t_limit(1e5, name="one")]


def record_of(given: Dose) -> tuple[str, dict[str, Any]]:
    content = json.dumps(given.as_dict(), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest(), json.loads(content)


def second(
    first: dict[str, Any],
    *,
    volume_ml: float = 4.5,
    number: int = 2,
    wrap: bool = False,
    infused_at: str = AFTER,
    **changes: Any,
) -> Dose:
    """Return a later dose from `changes`, after the dose whose record is `first`."""
    digest = hashlib.sha256(json.dumps(first, sort_keys=True).encode()).hexdigest()
    earlier = {
        "number": 1,
        "record": "record.json",
        "record_sha256": digest,
        "volume_infused_ml": volume_ml,
        "infused_at": infused_at,
    }
    tree = changed(plain("lot"), {"dose.number": number, "dose.earlier": [earlier]} | changes)
    lot = documents.validate(tree, Lot, name="lot")
    protocol = changed(plain("protocol"), {"monte_carlo": {"trials": 10_000}, "limits": LIMITS})
    records = {digest: {"schema": "nkflow.release", "dose": first} if wrap else first}
    return dose_of_counts(lot.with_records(records), documents.validate(protocol, Protocol, name="p"))


def first_record(**changes: Any) -> dict[str, Any]:
    return record_of(dose(changes, {"limits": LIMITS}))[1]


def summed(found: Dose) -> Any:
    assert found.level.summed is not None
    return found.level.summed


def test_same_measurement__does_not_shrink() -> None:
    found = second(first_record())
    total = summed(found).rounded["T"]
    one = found.amounts["T"]
    assert total.value == pytest.approx(one.value * (1 + 4.5 / 13.4))
    assert total.u_rel == pytest.approx(one.u_rel, rel=1e-12)
    assert total.u_rel_independent < total.u_rel


def test_same_bag__has_what_earlier_doses_left_after_its_count() -> None:
    assert second(first_record(), infused_at="2026-03-17T10:00:00Z").bag.drawn_ml == 0.0
    found = second(first_record())
    assert (found.bag.drawn_ml, found.bag.deliverable_ml) == (4.5, 39.5)
    assert summed(found).remaining_ml == pytest.approx(39.5 - 13.4)


def test_other_measurement__shares_what_it_names() -> None:
    """Own tubes, the same bead lot and dilution scheme: counting in quadrature, the rest linearly."""
    shared = {key: value for key, value in OTHER.items() if key != "counting.beads.lot"}
    found = second(first_record(), **shared | ELSEWHERE)
    total, now = summed(found).rounded["T"], found.amounts["T"]
    then = first_record()["levels"][0]["rounded"]["per_kg"]["T"]
    assert found.bag.drawn_ml == 0.0
    systematic = math.hypot(0.025, 0.010793748190503613)
    own = [math.sqrt(u**2 - systematic**2) for u in (now.u_rel, then["u_rel"])]  # type: ignore[operator]
    values = [now.value, then["value"]]
    exact = math.sqrt(
        sum((y * u) ** 2 for y, u in zip(values, own, strict=True)) + (sum(values) * systematic) ** 2
    )
    assert total.u_rel == pytest.approx(exact / sum(values), rel=1e-9)


def test_count_evaluated_twice__is_one_count() -> None:
    """The same lot and the same drawn sample, gated anew with other counts: nothing averages out."""
    shared = {key: value for key, value in OTHER.items() if key != "counting.beads.lot"}
    again, apart = (summed(second(first_record(), **shared | lot)).rounded["T"] for lot in ({}, ELSEWHERE))
    assert again.u_rel > apart.u_rel
    later = {"product.counted_at": "2026-03-17T10:45:00Z"}
    assert summed(second(first_record(), **shared | later)).rounded["T"].u_rel == pytest.approx(apart.u_rel)


def test_other_bead_lot__is_independent_of_the_first() -> None:
    shared = {key: value for key, value in OTHER.items() if key != "counting.beads.lot"}
    same, other = (
        summed(second(first_record(), **given | ELSEWHERE)).rounded["T"] for given in (shared, OTHER)
    )
    assert other.value == pytest.approx(same.value)
    assert other.u_rel < same.u_rel


def test_volume_infused__counts_and_not_the_planned_one() -> None:
    half, whole = (summed(second(first_record(), volume_ml=v)).rounded["CD56+"].value for v in (2.25, 4.5))
    assert whole - half == pytest.approx(first_record()["delivered_per_kg"] / 2)


def test_mass_of_the_earlier_dose__is_the_one_it_was_given_by() -> None:
    heavier = second(first_record(), **{"recipient.mass_kg": 19.0})
    now = heavier.amounts["CD56+"].value
    assert summed(heavier).rounded["CD56+"].value == pytest.approx(now + first_record()["delivered_per_kg"])


def test_cumulative_limit__is_judged_on_the_sum() -> None:
    found = second(first_record())
    judged = found.limits["sum"]
    assert judged.value == pytest.approx(summed(found).rounded["T"].value)
    assert found.limits["one"].value == pytest.approx(found.amounts["T"].value)


def test_record_of_a_release__holds_its_dose_inside() -> None:
    plain_one, wrapped = (second(first_record(), wrap=wrap) for wrap in (False, True))
    assert summed(plain_one).rounded["T"] == summed(wrapped).rounded["T"]


def test_skipped_dose__adds_nothing_and_is_told() -> None:
    skipped = [{"number": 2, "reason": "fever on day 5"}]
    found = second(first_record(), number=3, **{"dose.skipped": skipped})
    assert found.verdict != "INVALID"
    assert summed(found).prescribed_per_kg == 6e6
    assert "dose 2 was skipped: fever on day 5" in [finding.message for finding in found.findings]
    unaccounted = second(first_record(), number=3)
    assert unaccounted.verdict == "INVALID"


def test_schedule__is_watched_and_not_enforced() -> None:
    on_day = second(first_record(), infused_at="2026-03-12T12:00:00Z")
    assert "off-schedule" not in {finding.code for finding in on_day.findings}
    late = second(first_record(), infused_at="2026-03-10T12:00:00Z")
    assert "7.0 days after dose 1; the schedule has 5" in [finding.message for finding in late.findings]
    assert late.verdict == on_day.verdict == "PASS"
    after = second(first_record(), infused_at="2026-03-17T13:00:00Z")
    assert after.verdict == "INVALID"


def test_other_patient__can_not_be_added() -> None:
    found = second(first_record(**{"recipient.patient": "P-2"}))
    assert found.verdict == "INVALID"
    assert "other-patient" in {finding.code for finding in found.findings}


def test_invalid_record__counts_and_is_told() -> None:
    found = second(first_record(**{"counting.beads.expires_on": "2026-03-01"}))
    assert found.verdict == "PASS"
    assert "earlier-invalid" in {finding.code for finding in found.findings}


def no_t(index: int = 0) -> dict[str, Any]:
    tubes = [{"id": name, "role": "sample", "counts": counts(T=0, NK=4992 + index)} for name in "ABC"]
    return {"tubes": tubes}


def test_doses_without_events__add_their_bounds() -> None:
    found = second(first_record(**no_t()), **no_t(1) | ELSEWHERE)
    total, judged = summed(found).rounded["T"], found.limits["sum"]
    first = first_record(**no_t())["levels"][0]["rounded"]["per_kg"]["T"]["upper"]
    assert (total.value, total.u_rel) == (0.0, None)
    assert total.unseen == pytest.approx(found.amounts["T"].upper + first)
    assert judged.bound == pytest.approx(total.unseen)
    assert (judged.simple, judged.guarded) == ("PASS", "PASS")


def test_one_dose_without_events__enters_the_guarded_rule_by_its_bound() -> None:
    found = second(first_record(**no_t()), **ELSEWHERE)
    total, judged = summed(found).rounded["T"], found.limits["sum"]
    events = float(poisson_upper(0))
    assert total.unseen == pytest.approx(events * 1000 * 9870 / 45_930 * 4.5 / 18.6)
    assert judged.value == pytest.approx(found.amounts["T"].value)
    assert judged.p_conform is not None
    assert "upper bound" in judged.note


def test_plan_ahead__warns_of_a_limit_that_later_doses_would_break() -> None:
    found = dose(in_protocol={"limits": [t_limit(5e4, name="sum", scope="cumulative")]})
    assert found.verdict == "PASS"
    ahead = [finding.message for finding in found.findings if finding.code == "cumulative-limit-ahead"]
    assert ahead == [
        "with dose 2 from this bag, sum would be INCONCLUSIVE",
        "with dose 3 from this bag, sum would be FAIL",
    ]


def test_plan_ahead__says_when_one_bag_is_not_enough() -> None:
    found = dose({"product.bag_volume_ml": 30.0})
    assert "bag-too-small-ahead" in {finding.code for finding in found.findings}
    assert found.verdict == "PASS"


def test_record_without_its_numbers__is_refused() -> None:
    record = first_record()
    del record["composition"]["concentrations"]
    with pytest.raises(LotError, match="concentrations"):
        second(record)
    broken = first_record()
    broken["composition"]["concentrations"]["T"]["per_ul"] = "many"
    with pytest.raises(LotError, match="where a number should be"):
        second(broken)
    lot = documents.validate(plain("lot"), Lot, name="lot")
    order = documents.validate(
        changed(plain("lot"), {"dose.number": 2, "dose.earlier": [_earlier()]}), Lot, name="lot"
    ).dose
    missing = lot.model_copy(update={"dose": order})
    with pytest.raises(LotError, match="no record at hand"):
        dose_of_counts(missing, documents.validate(plain("protocol"), Protocol, name="p"))


def _earlier() -> dict[str, Any]:
    return {
        "number": 1,
        "record": "record.json",
        "record_sha256": "0" * 64,
        "volume_infused_ml": 4.5,
        "infused_at": "2026-03-12T12:00:00Z",
    }
