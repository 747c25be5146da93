"""One limit, one value, one verdict."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.counting.frequency import Frequency
from nkflow.counting.quantify import under
from nkflow.dose.decide import (
    by_probability,
    judge_amount,
    judge_exact,
    judge_frequency,
    p_lognormal,
    p_normal,
    worst,
)
from nkflow.dose.limits import Limit
from worked.cases import composition, counts, protocol
from worked.cases import limit as plain_limit

# events, largest y/L that passes, smallest that fails; u_other = 2.4 % (docs/dose.md)
GUARD = (
    (10, 0.5935, 1.6848),
    (25, 0.7180, 1.3928),
    (50, 0.7898, 1.2661),
    (100, 0.8444, 1.1843),
    (400, 0.9128, 1.0955),
    (1000, 0.9368, 1.0675),
    (5000, 0.9552, 1.0469),
)


def limit(op: str = "<", value: float = 1e4, **fields: Any) -> Limit:
    usual = {"population": "T", "unit": "cells/kg", "rule": "guarded", "op": op, "value": value}
    return Limit(**plain_limit("per_kg", **usual | fields))


@pytest.mark.parametrize(("events", "passes", "fails"), GUARD)
def test_guard_band__is_the_published_table(events: int, passes: float, fails: float) -> None:
    u = math.hypot(1 / math.sqrt(events), 0.024)

    def verdict(ratio: float) -> str | None:
        return judge_amount(limit(), ratio * 1e4, u_rel=u, bound=0.0, confidence=0.95).guarded

    assert [verdict(passes * 0.9998), verdict(passes * 1.0002)] == ["PASS", "INCONCLUSIVE"]
    assert [verdict(fails * 0.9998), verdict(fails * 1.0002)] == ["INCONCLUSIVE", "FAIL"]


def test_probability__agrees_with_scipy() -> None:
    from scipy.stats import norm

    assert p_lognormal(7000, 0.2, op="<", limit=1e4) == pytest.approx(norm.cdf(math.log(1 / 0.7) / 0.2))
    assert p_lognormal(7000, 0.2, op=">=", limit=1e4) == pytest.approx(norm.sf(math.log(1 / 0.7) / 0.2))
    assert p_normal(71.33, 1.24, op=">=", limit=70) == pytest.approx(norm.cdf(1.33 / 1.24))
    assert p_normal(1.1, 0.2, op="<", limit=1.0) == pytest.approx(norm.sf(0.1 / 0.2))
    assert p_lognormal(7000, 0.2, op="<", limit=0.0) == 0.0


def test_exact_limit__is_decided_by_the_operator_alone() -> None:
    assert judge_exact(limit("<"), 1e4).simple == "FAIL"
    assert judge_exact(limit("<="), 1e4).simple == "PASS"
    assert judge_exact(limit(">"), 1e4).simple == "FAIL"
    assert judge_exact(limit(">="), 1e4).simple == "PASS"
    half = judge_exact(limit("<"), 9999.5)
    assert (half.reportable, half.simple) == ("10000", "FAIL")


def test_value_at_the_limit__is_inconclusive_when_guarded() -> None:
    judged = judge_amount(limit(), 1e4, u_rel=0.1, bound=0.0, confidence=0.95)
    assert judged.p_conform == pytest.approx(0.5)
    assert (judged.guarded, judged.simple) == ("INCONCLUSIVE", "FAIL")


def test_no_events__pass_by_their_bound_or_stay_inconclusive() -> None:
    below, above = (
        judge_amount(limit(), 0.0, u_rel=None, bound=bound, confidence=0.95) for bound in (9e3, 1.1e4)
    )
    assert (below.simple, below.guarded, below.p_conform) == ("PASS", "PASS", None)
    assert (above.simple, above.guarded) == ("PASS", "INCONCLUSIVE")
    least = [
        judge_amount(limit(">="), 0.0, u_rel=None, bound=b, confidence=0.95).guarded for b in (9e3, 1.1e4)
    ]
    assert least == ["FAIL", "INCONCLUSIVE"]


def test_rule__decides_and_the_other_assures() -> None:
    fields = {"u_rel": 0.1, "bound": 0.0, "confidence": 0.95}
    simple = judge_amount(limit(rule="simple"), 9.5e3, **fields)
    guarded = judge_amount(limit(rule="guarded"), 9.5e3, **fields)
    assert (simple.verdict, simple.assurance) == ("PASS", "INCONCLUSIVE")
    assert (guarded.verdict, guarded.assurance) == ("INCONCLUSIVE", "PASS")


def test_frequency__is_judged_with_and_without_gating() -> None:
    share = under(composition(counts()), protocol().counting).frequency("NK", "viable")
    assert isinstance(share, Frequency)
    rule = Limit(**plain_limit("frequency", population="NK", of="viable", unit="%", op=">=", value=70.0))
    judged = judge_frequency(rule, share, confidence=0.95)
    assert judged.p_conform == pytest.approx(
        p_normal(share.percent, math.hypot(share.u_counting, 1.2), op=">=", limit=70.0)
    )
    assert judged.p_conform_counting == pytest.approx(
        p_normal(share.percent, share.u_counting, op=">=", limit=70.0)
    )
    assert judged.p_conform < judged.p_conform_counting  # type: ignore[operator]


@pytest.mark.parametrize(
    ("seen", "viable", "op", "limit_pct", "guarded"),
    [
        ("none", 20_000, "<", 1.0, "PASS"),
        ("none", 100, "<", 1.0, "INCONCLUSIVE"),
        ("none", 20_000, ">=", 70.0, "FAIL"),
        ("none", 3, ">=", 50.0, "INCONCLUSIVE"),
        ("all", 20_000, ">", 99.9, "PASS"),
        ("all", 20, ">", 99.9, "INCONCLUSIVE"),
        ("all", 20_000, "<", 5.0, "FAIL"),
        ("all", 1, "<", 50.0, "INCONCLUSIVE"),
    ],
)
def test_share_of_none_or_all__is_judged_by_its_bound(
    seen: str, viable: int, op: str, limit_pct: float, guarded: str
) -> None:
    """No error is left in the share itself: x events of n leave ``1 - 0.05^(1/n)`` on the other side."""
    name = "B" if seen == "none" else "NK"
    none = dict.fromkeys(("T", "NKT_like", "monocytes", "other"), 0)
    share = composition(counts(B=0, NK=viable, **none)).frequency(name, "viable")
    assert isinstance(share, Frequency)
    fields = {
        "population": name,
        "of": "viable",
        "unit": "%",
        "op": op,
        "value": limit_pct,
        "rule": "guarded",
    }
    judged = judge_frequency(Limit(**plain_limit("frequency", **fields)), share, confidence=0.95)
    assert judged.verdict == guarded
    width = 100 * (1 - 0.05 ** (1 / viable))
    assert judged.bound == pytest.approx(width if seen == "none" else 100 - width)


def test_worst__is_the_order_of_the_verdicts() -> None:
    order = ["PASS", "PENDING", "INCONCLUSIVE", "FAIL", "INVALID"]
    for index, word in enumerate(order):
        assert worst(order[: index + 1]) == word  # type: ignore[arg-type]
    assert worst([]) == "PASS"


def test_confidence__divides_the_answers() -> None:
    assert [by_probability(p, 0.95) for p in (0.95, 0.949, 0.051, 0.05)] == [
        "PASS",
        "INCONCLUSIVE",
        "INCONCLUSIVE",
        "FAIL",
    ]


@settings(deadline=None, max_examples=300)
@given(st.floats(1.0, 1e8), st.floats(1.0, 1e8), st.floats(1e-3, 2.0), st.floats(1.0001, 10.0))
def test_probability__is_monotone_in_the_estimate(value: float, edge: float, u: float, factor: float) -> None:
    assert p_lognormal(value * factor, u, op="<", limit=edge) <= p_lognormal(value, u, op="<", limit=edge)
    assert p_lognormal(value * factor, u, op=">", limit=edge) >= p_lognormal(value, u, op=">", limit=edge)
    assert 0 <= p_lognormal(value, u, op="<", limit=edge) <= 1


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 2000), st.floats(1.0, 6.0), st.floats(1.0, math.e**2))
def test_probability__falls_as_events_rise_at_fixed_phi(events: int, phi: float, room: float) -> None:
    """Up to e² below the limit: further below, more events are surer before they are more, and P is near 1."""
    edge = room * events

    def p(n: int) -> float:
        return p_lognormal(float(n), math.hypot(math.sqrt(phi / n), 0.03), op="<", limit=edge)

    assert p(events + 1) <= p(events) + 1e-12


@pytest.mark.parametrize(
    "fields",
    [
        {"unit": "cells/mL"},
        {"population": None},
        {"population": "NKT"},
        {"quantity": "frequency", "unit": "%"},
        {"quantity": "endotoxin_per_kg", "unit": "EU/kg", "rule": "guarded"},
        {"quantity": "external", "unit": "%"},
        {"quantity": "frequency", "of": "viable", "unit": "%", "scope": "cumulative"},
        {"decimals": None},
        {"source": ""},
    ],
)
def test_limits__that_mean_nothing_are_refused(fields: dict[str, Any]) -> None:
    from pydantic import ValidationError

    whole = plain_limit("per_kg", population="T", unit="cells/kg", value=1.0) | fields
    with pytest.raises(ValidationError):
        Limit(**{key: value for key, value in whole.items() if value is not None})
