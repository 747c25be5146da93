"""Compositions: nothing without a reference, nothing without a reason, nothing that hangs on the order."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.counting.concentration import Concentration
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.frequency import Frequency
from nkflow.counting.quantify import quantify, under
from nkflow.errors import CountingError
from worked.cases import composition, counts, protocol


def concentration(of: object, population: str) -> Concentration:
    found = of.concentration(population)  # type: ignore[attr-defined]
    assert isinstance(found, Concentration)
    return found


def test_no_tubes__is_an_error() -> None:
    with pytest.raises(CountingError, match="no sample tubes"):
        quantify([], counting=composition(counts()).counting)


def test_empty_reference__is_not_evaluable_with_its_reason() -> None:
    empty = composition({"beads": 500, "dead": 0, "NK": 0, "NKT-like": 0, "T": 0, "other": 0, "viable": 0})
    found = empty.frequency("NK", "viable")
    assert isinstance(found, NotEvaluable)
    assert found.reason == "viable has no events"
    assert isinstance(composition(counts()).frequency("CD3dim", "viable"), NotEvaluable)
    assert isinstance(composition(counts()).concentration("CD3dim"), NotEvaluable)


def test_no_events__have_a_bound_and_no_relative_error() -> None:
    found = concentration(composition(counts(B=0)), "B")
    assert (found.per_ul, found.u_rel, found.lognormal) == (0.0, None, None)
    assert found.interval.low == 0.0
    assert found.interval.high > found.per_event * 3.6889
    assert found.poisson_upper_events == pytest.approx(-math.log(0.05))


def test_few_events__have_an_exact_interval_and_many_a_lognormal_one() -> None:
    few, many = (concentration(composition(counts(T=n)), "T") for n in (19, 20))
    assert few.interval.method.startswith("exact Poisson")
    assert many.interval == many.lognormal
    assert few.lognormal is not None
    assert few.interval.low < few.per_ul < few.interval.high


def test_rules__change_how_the_same_counts_are_judged() -> None:
    raw = composition(counts(), counts(T=52), counts(T=61))
    phi0 = dict.fromkeys(("viable", "NK", "NKT-like", "CD56+", "T", "CD3+", "B", "monocytes"), 3.0)
    judged = under(raw, protocol(counting__overdispersion__phi0=phi0).counting)
    before, after = concentration(raw, "T"), concentration(judged, "T")
    assert (before.phi, after.phi) == (1.0, 3.0)
    assert after.per_ul == before.per_ul
    assert after.cells is not None
    assert after.cells.u == pytest.approx(math.sqrt(3 / after.events))
    assert raw.measurement == judged.measurement
    assert judged.phi0("CD3dim") == 3.0


def test_gating_points__widen_purities_and_leave_few_t_cells_alone() -> None:
    judged = under(composition(counts()), protocol().counting)
    nk, t = judged.frequency("NK", "viable"), judged.frequency("T", "viable")
    assert isinstance(nk, Frequency)
    assert isinstance(t, Frequency)
    assert (nk.u_gate, t.u_gate) == (1.2, 0.0)


def test_measurement__is_named_by_its_content() -> None:
    one, same, other = composition(counts()), composition(counts()), composition(counts(T=56))
    assert one.measurement == same.measurement != other.measurement
    assert composition(counts(), counting={"beads.lot": "B-2"}).measurement != one.measurement


def test_document__is_plain_json_in_every_case() -> None:
    for made in (
        composition(counts()),
        composition(counts(), counts(T=5)),
        under(composition(counts(cells=9000, singlets=8500)), protocol().counting),
        composition({"beads": 500, "NK": 0, "NKT-like": 0, "T": 0, "viable": 0}),
    ):
        document = made.as_dict()
        assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_table__names_a_reference_for_every_frequency() -> None:
    table = composition(counts(), counts()).table()
    assert set(table["of"]) == {"CD45+", "viable", "CD56+"}
    row = table.set_index(["population", "of"]).loc[("NK", "viable")]
    assert row["low"] < row["percent"] < row["high"]
    assert row["per_ul_low"] < row["per_ul"] < row["per_ul_high"]


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(4)))
def test_order_of_tubes__changes_no_number(order: list[int]) -> None:
    tubes = [counts(), counts(T=52, NK=4800), counts(T=61, beads=15000), counts(T=44, dead=1300)]
    straight, mixed = composition(*tubes), composition(*[tubes[index] for index in order])
    for population in straight.populations:
        one, other = concentration(straight, population), concentration(mixed, population)
        assert one.per_ul == other.per_ul
        if one.u_rel is not None:
            assert other.u_rel == pytest.approx(one.u_rel, rel=1e-12)
    assert mixed.max_deviation_pct("CD56+") == pytest.approx(straight.max_deviation_pct("CD56+"))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 3000), st.floats(1, 8))
def test_uncertainty__shrinks_with_events_and_grows_with_phi(events: int, phi: float) -> None:
    names = ("viable", "NK", "NKT-like", "CD56+", "T", "CD3+", "B", "monocytes")
    rules, wider = (
        protocol(counting__overdispersion__phi0=dict.fromkeys(names, value)).counting for value in (1.0, phi)
    )
    fewer, more = (under(composition(counts(T=n)), rules) for n in (events + 1, events + 2))
    assert concentration(more, "T").u_rel < concentration(fewer, "T").u_rel  # type: ignore[operator]
    scattered = concentration(under(composition(counts(T=events + 1)), wider), "T")
    assert scattered.u_rel >= concentration(fewer, "T").u_rel * (1 - 1e-12)  # type: ignore[operator]
    assert scattered.interval.high >= concentration(fewer, "T").interval.high * (1 - 1e-9)
