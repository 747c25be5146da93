"""When a count, a product or a recipient may not be dosed from: INVALID, with the reason, numbers still there."""

from __future__ import annotations

from typing import Any

import pytest

from worked.cases import dose, t_limit


def codes(in_lot: dict[str, Any] | None = None, in_protocol: dict[str, Any] | None = None) -> dict[str, str]:
    found = dose(in_lot, in_protocol)
    return {finding.code: finding.severity for finding in found.findings}


def test_expired_beads__only_doubt_a_comparison_where_they_count_nothing() -> None:
    volumetric = {"counting.method": "volumetric", "counting.beads.expires_on": "2026-03-16"}
    allowed = {"counting.methods": ["volumetric"]}
    assert codes(volumetric, allowed)["beads-expired"] == "warning"


def test_example__is_valid() -> None:
    assert dose().verdict == "PASS"
    assert all(severity != "error" for severity in codes().values())


@pytest.mark.parametrize(
    ("in_lot", "in_protocol", "code"),
    [
        ({"counting.beads.expires_on": "2026-03-16"}, {}, "beads-expired"),
        ({"dose.infusion_at": "2026-03-17T14:31:00Z"}, {}, "count-too-old"),
        ({"dose.infusion_at": "2026-03-17T10:00:00Z"}, {}, "count-after-infusion"),
        ({"product.expires_at": "2026-03-17T11:59:00Z"}, {}, "product-expired"),
        ({"product.state": "fresh"}, {}, "count-state"),
        ({"recipient.mass_basis": "ideal"}, {}, "mass-basis"),
        ({"recipient.mass_kg": 160.0}, {}, "mass-implausible"),
        ({"recipient.previous_mass_kg": 8.4}, {}, "mass-implausible"),
        ({"recipient.mass_measured_on": "2026-03-01"}, {}, "mass-too-old"),
        ({"recipient.mass_measured_on": "2026-03-18"}, {}, "mass-too-new"),
        ({"dose.number": 2}, {}, "dose-unaccounted"),
        ({}, {"counting.methods": ["volumetric"]}, "counting-method"),
        ({}, {"counting.replicates.minimum": 4}, "few-tubes"),
        ({}, {"counting.beads.recovery": [0.99, 1.005]}, "bead-recovery"),
    ],
)
def test_invalid__has_its_reason(in_lot: dict[str, Any], in_protocol: dict[str, Any], code: str) -> None:
    found = dose(in_lot, in_protocol)
    assert found.verdict == "INVALID"
    assert {f.code for f in found.findings if f.severity == "error"} == {code}
    assert found.reasons[0].startswith("INVALID: ")
    assert found.composition.concentration("CD56+").per_ul > 4000  # type: ignore[union-attr]


def test_bead_lot__may_be_used_on_its_last_day() -> None:
    assert dose({"counting.beads.expires_on": "2026-03-17"}).verdict == "PASS"


def test_count__may_be_used_to_its_last_minute() -> None:
    assert dose({"dose.infusion_at": "2026-03-17T14:30:00Z"}).verdict == "PASS"


def test_failure__stays_beside_invalid() -> None:
    found = dose({"counting.beads.expires_on": "2026-03-16"}, {"limits": [t_limit(1e3)]})
    assert (found.verdict, found.computed_verdict) == ("INVALID", "FAIL")
    assert [line.split(":")[0] for line in found.reasons] == ["INVALID", "FAIL"]
    document = found.as_dict()
    assert (document["verdict"], document["computed_verdict"]) == ("INVALID", "FAIL")
    assert document["limits"]["per_kg"]["verdict"] == "FAIL"


def test_limit_on_what_was_not_counted__makes_invalid() -> None:
    limits = [t_limit(1e3) | {"name": "dim", "population": "CD3dim"}]
    found = dose(in_protocol={"limits": limits})
    assert found.verdict == "INVALID"
    assert found.limits["dim"].note == "not evaluable: CD3dim was not counted"


def test_worst_verdict__wins() -> None:
    sterility = [{"name": "sterility", "outcome": "negative", "accept_interim": False, "source": "test"}]
    pending = {"externals": sterility}
    assert dose(in_protocol=pending).verdict == "PENDING"
    unsure = dose(in_protocol=pending | {"limits": [t_limit(1.1e4)]})
    assert (unsure.verdict, unsure.limits["per_kg"].assurance) == ("INCONCLUSIVE", "PASS")
    assert dose(in_protocol=pending | {"limits": [t_limit(5e3)]}).verdict == "FAIL"


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(-10, 10, "PASS"), (-10, 0, "FAIL"), (-1, 1, "INCONCLUSIVE")]
)
def test_dose_window__has_two_ends_and_a_rule(low: float, high: float, verdict: str) -> None:
    """Delivered 0.96 % above the prescribed dose: 1 % after rounding."""
    rule = "guarded" if verdict == "INCONCLUSIVE" else "simple"
    window = {"low_pct": float(low), "high_pct": float(high), "decimals": 0, "rule": rule, "source": "test"}
    found = dose(in_protocol={"dose_window": window})
    assert found.verdict == verdict
    assert found.level.window is not None
    assert found.level.window.reportable == "1"
