"""Uncertain boundaries move neighbours against each other."""

from __future__ import annotations

import math

import pytest

from nkflow.counting.budget import covariance
from nkflow.counting.concentration import Concentration
from nkflow.counting.frequency import Frequency
from nkflow.counting.gates import gate_points, gate_terms, moved
from nkflow.counting.inputs import Boundary
from worked.cases import composition, counts

CD3 = Boundary(
    name="CD3",
    u=0.02,
    unit="display",
    events_per_unit={"NK": 2500.0, "NKT-like": -2500.0, "T": -400.0, "other": 400.0},
)


def test_unions__follow_from_their_parts() -> None:
    assert moved(CD3, "CD56+") == 0.0
    assert moved(CD3, "CD3+") == -2900.0
    assert moved(CD3, "B") == 0.0
    given = CD3.model_copy(update={"events_per_unit": {"CD56+": 7.0, "NK": 2500.0}})
    assert moved(given, "CD56+") == 7.0


def test_terms__are_the_boundarys_error_in_events_with_its_sign() -> None:
    (nk,) = gate_terms("NK", 5000, boundaries=[CD3])
    (nkt,) = gate_terms("NKT-like", 1400, boundaries=[CD3])
    assert nk.u == pytest.approx(0.02 * 2500 / 5000)
    assert nkt.u == pytest.approx(-0.02 * 2500 / 1400)
    assert nk.source == nkt.source
    assert gate_terms("CD56+", 6400, boundaries=[CD3]) == ()
    assert gate_terms("T", 0, boundaries=[CD3]) == ()


def test_terms__of_a_population_that_is_all_but_empty_stay_finite() -> None:
    far = Boundary(
        name="CD3", u=0.5, unit="display units", events_per_unit={"NK": -80_000.0, "NKT-like": 80_000.0}
    )
    (nk,), (nkt,) = (gate_terms(name, 1, boundaries=[far]) for name in ("NK", "NKT-like"))
    assert (nk.u, nkt.u) == (-20.0, 20.0)


def test_concentrations__of_neighbours_are_anticorrelated_and_their_sum_is_sure() -> None:
    given = {"boundaries": [CD3.model_dump()]}
    found = composition(counts(), counting=given)
    without = composition(counts())

    def amount(name: str, of: object = found) -> Concentration:
        result = of.concentration(name)  # type: ignore[attr-defined]
        assert isinstance(result, Concentration)
        return result

    def gates(name: str) -> dict[str, float]:
        return {s: u for s, u in amount(name).budget.by_source().items() if s.startswith("gate")}

    assert gates("NK")["gate CD3"] * gates("NKT-like")["gate CD3"] < 0
    assert gates("CD56+") == {}
    assert amount("CD56+").u_rel == pytest.approx(amount("CD56+", without).u_rel)
    plain = covariance(amount("NK", without).budget, amount("NKT-like", without).budget)
    assert covariance(amount("NK").budget, amount("NKT-like").budget) < plain


def test_points__are_the_shift_of_a_share() -> None:
    pooled = {"NK": 5000, "viable": 7000, "CD56+": 6400}
    assert gate_points(("NK", "viable"), pooled, boundaries=[CD3]) == pytest.approx(100 * 0.02 * 2500 / 7000)
    assert gate_points(("CD56+", "viable"), pooled, boundaries=[CD3]) == 0.0
    assert gate_points(("NK", "viable"), pooled, boundaries=[]) == 0.0


def test_points__count_what_leaves_the_reference_too() -> None:
    edge = Boundary(name="7-AAD", u=0.1, unit="display", events_per_unit={"viable": 700.0, "NK": 500.0})
    pooled = {"NK": 5000, "viable": 7000}
    p = 5000 / 7000
    shift = 0.1 * (500 - p * 700) / 7000
    assert gate_points(("NK", "viable"), pooled, boundaries=[edge]) == pytest.approx(100 * abs(shift))
    two = gate_points(("NK", "viable"), pooled, boundaries=[edge, CD3])
    assert two == pytest.approx(100 * math.hypot(shift, 0.02 * 2500 / 7000))


def test_frequency__carries_boundaries_into_its_interval() -> None:
    narrow = composition(counts()).frequency("NK", "viable")
    wide = composition(counts(), counting={"boundaries": [CD3.model_dump()]}).frequency("NK", "viable")
    assert isinstance(narrow, Frequency)
    assert isinstance(wide, Frequency)
    assert wide.u_total == pytest.approx(math.hypot(narrow.u_counting, wide.u_gate))
    assert (
        wide.interval.low < narrow.interval.low < narrow.percent < narrow.interval.high < wide.interval.high
    )
