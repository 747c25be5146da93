"""Results from elsewhere: present, below a value, interim, pending."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from nkflow.dose.externals import ExternalResult, ExternalRule
from nkflow.dose.limits import Limit
from nkflow.dose.results import check_external, judge_external
from worked.cases import dose, limit

STERILE = ExternalRule(name="sterility", outcome="negative", accept_interim=False, source="test")
ENDOTOXIN = Limit(**limit("endotoxin", unit="EU/mL", op="<", value=5.0, decimals=1))


def result(given: Any) -> ExternalResult:
    return ExternalResult.model_validate(given)


@pytest.mark.parametrize(
    ("written", "value", "below", "outcome", "state"),
    [
        (0.25, 0.25, None, None, "final"),
        (3, 3.0, None, None, "final"),
        ("< 0.05", None, 0.05, None, "final"),
        ("<5e-2", None, 0.05, None, "final"),
        ("negative", None, None, "negative", "final"),
        ("pending", None, None, None, "pending"),
        ({"outcome": "negative", "state": "interim"}, None, None, "negative", "interim"),
    ],
)
def test_short_forms__say_the_same_as_long_ones(
    written: Any, value: float | None, below: float | None, outcome: str | None, state: str
) -> None:
    found = result(written)
    assert (found.value, found.below, found.outcome, found.state) == (value, below, outcome, state)


@pytest.mark.parametrize(
    "written",
    [-1.0, {"value": 1.0, "below": 2.0}, {"value": 1.0, "state": "pending"}, {}, {"state": "interim"}, True],
)
def test_results__that_mean_two_things_or_none_are_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        result(written)


@pytest.mark.parametrize(
    ("written", "interim", "verdict"),
    [
        (None, False, "PENDING"),
        ("pending", True, "PENDING"),
        ("negative", False, "PASS"),
        ("Negative", False, "PASS"),
        ("positive", False, "FAIL"),
        ({"outcome": "negative", "state": "interim"}, False, "PENDING"),
        ({"outcome": "negative", "state": "interim"}, True, "PASS"),
        ({"outcome": "positive", "state": "interim"}, False, "FAIL"),
        (0.1, True, "FAIL"),
    ],
)
def test_outcome__is_never_taken_for_granted(written: Any, interim: bool, verdict: str) -> None:
    given = {} if written is None else {"sterility": result(written)}
    rule = STERILE.model_copy(update={"accept_interim": interim})
    assert check_external(rule, given).verdict == verdict


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        (None, "PENDING"),
        ("pending", "PENDING"),
        (0.25, "PASS"),
        (5.0, "FAIL"),
        (4.96, "FAIL"),
        ("< 0.05", "PASS"),
        ("< 5", "PASS"),
        ("< 6", "INCONCLUSIVE"),
        ("negative", "PENDING"),
        ({"value": 0.2, "state": "interim"}, "PENDING"),
        ({"value": 9.0, "state": "interim"}, "FAIL"),
    ],
)
def test_number__is_judged_as_its_limit_says(written: Any, verdict: str) -> None:
    given = None if written is None else result(written)
    assert judge_external(ENDOTOXIN, given).verdict == verdict


def test_lower_limit__of_a_value_below_what_can_be_seen_fails() -> None:
    potency = Limit(**limit("external", external="lysis_pct", unit="%", op=">", value=20.0))
    assert judge_external(potency, result("< 20")).verdict == "FAIL"
    assert judge_external(potency, result("< 25")).verdict == "INCONCLUSIVE"
    assert judge_external(potency, result(21.0)).verdict == "PASS"


def test_missing_sterility__is_pending_and_never_pass() -> None:
    rules = [STERILE.model_dump()]
    found = dose(in_protocol={"externals": rules})
    assert (found.verdict, found.reasons) == ("PENDING", ("PENDING: sterility: missing",))
    assert dose({"external.sterility": "negative"}, {"externals": rules}).verdict == "PASS"
    assert dose({"external.sterility": "positive"}, {"externals": rules}).verdict == "FAIL"


def test_endotoxin_per_kg_and_hour__needs_the_infusion_time() -> None:
    per_hour = [limit("endotoxin_per_kg_h", unit="EU/(kg h)", op="<=", value=5.0, decimals=1)]
    found = dose(in_protocol={"limits": per_hour})
    assert found.limits["endotoxin_per_kg_h"].value == pytest.approx(0.25 * 4.5 / 18.6 / 0.5)
    missing = dose({"dose.infusion_h": None}, {"limits": per_hour})
    assert missing.verdict == "PENDING"
    assert missing.limits["endotoxin_per_kg_h"].note == "the duration of the infusion is not given"


def test_endotoxin__below_what_can_be_seen_is_a_bound_per_kg() -> None:
    limits = [limit("endotoxin_per_kg", unit="EU/kg", op="<=", value=5.0, decimals=1)]
    found = dose({"external.endotoxin_eu_per_ml": "< 0.05"}, {"limits": limits}).limits["endotoxin_per_kg"]
    assert (found.verdict, found.value) == ("PASS", None)
    assert found.bound == pytest.approx(0.05 * 4.5 / 18.6)
    assert found.reportable.startswith("< ")
