"""Limits of blank, detection and quantification; the ladder; how many events are enough."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.intervals import poisson_upper
from nkflow.counting.rare import (
    Ladder,
    blank_limit,
    detection_limit,
    events_needed,
    events_to_acquire,
    ladder,
    predicted_blank,
)
from nkflow.counting.rules import BlankLimit, RareRule

# blank mean, limit of blank, limit of detection (EP17; docs/dose.md)
BLANKS = ((1, 3, 7.7537), (2, 5, 10.5130), (5, 9, 15.7052), (9, 14, 21.8865), (20, 28, 38.3889))

# dose, limit, residual events seen, events needed (docs/dose.md)
NEEDED = (
    (1e6, 1e4, (300, 1052, 2907, 6329, 11808)),
    (3e6, 1e4, (899, 3154, 8719, 18987, 35424)),
    (5e6, 1e4, (1498, 5257, 14532, 31644, 59040)),
    (5e6, 5e4, (300, 1052, 2907, 6329, 11808)),
    (9e6, 1e5, (270, 947, 2616, 5696, 10628)),
)


@pytest.mark.parametrize(("mean", "lob", "lod"), BLANKS)
def test_blanks__give_the_published_limits(mean: float, lob: int, lod: float) -> None:
    assert predicted_blank(mean * 10**8, 10**12, pooled_parent=10**4) == lob
    assert detection_limit(lob) == pytest.approx(lod, abs=5e-5)


@pytest.mark.parametrize(("dose", "limit", "needed"), NEEDED)
def test_events_needed__is_the_published_table(dose: float, limit: float, needed: tuple[int, ...]) -> None:
    found = tuple(events_needed(seen, dose_per_kg=dose, limit_per_kg=limit) for seen in (0, 5, 20, 50, 100))
    assert found == needed


def test_events_needed__grows_with_overdispersion() -> None:
    plain = events_needed(5, dose_per_kg=5e6, limit_per_kg=5e4)
    assert events_needed(5, dose_per_kg=5e6, limit_per_kg=5e4, phi=3.0) > plain


def test_events_to_acquire__is_the_least_that_shows_it() -> None:
    def bound(n: int) -> float:
        return float(poisson_upper(0.002 * n)) * 5e6 / n

    needed = events_to_acquire(0.002, dose_per_kg=5e6, limit_per_kg=5e4)
    assert isinstance(needed, int)
    assert bound(needed) <= 5e4 < bound(needed - 1)
    assert events_to_acquire(0.0, dose_per_kg=5e6, limit_per_kg=1e4) == 1498


@pytest.mark.parametrize("ratio", [0.01, 0.0099999999])
def test_events_to_acquire__no_number_shows_what_is_not_so(ratio: float) -> None:
    assert isinstance(events_to_acquire(ratio, dose_per_kg=5e6, limit_per_kg=5e4), NotEvaluable)


@pytest.mark.parametrize(
    ("events", "word"),
    [
        (0, "not detected"),
        (3, "not detected"),
        (4, "trace"),
        (19, "trace"),
        (20, "detected, < LLOQ"),
        (49, "detected, < LLOQ"),
        (50, "quantified"),
    ],
)
def test_ladder__of_the_example_has_no_holes(events: int, word: str) -> None:
    assert Ladder(events, 3, 20, 50, "test").rung == word


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 500), st.floats(0, 200), st.floats(0.5, 200), st.floats(0, 300))
def test_ladder__never_steps_down(events: int, lob: float, lod: float, above: float) -> None:
    """Whatever the limits, even a blank above the detection limit, more events are never a lower rung."""
    order = ("not detected", "trace", "detected, < LLOQ", "quantified")
    one, more = (Ladder(n, lob, lod, lod + above, "test").rung for n in (events, events + 1))
    assert order.index(more) >= order.index(one)


def test_lob__is_in_events_a_fraction_or_from_the_lots_own_blanks() -> None:
    pooled = {"viable": 60_000, "T": 12}
    blanks = {"CD3": {"viable": 20_000, "T": 4}}

    def lob(rule: BlankLimit) -> float:
        found = blank_limit("T", rule=rule, pooled=pooled, blanks=blanks)
        assert not isinstance(found, NotEvaluable)
        return found[0]

    assert lob(BlankLimit(events=3.0)) == 3.0
    assert lob(BlankLimit(fraction=1.5e-4)) == pytest.approx(9.0)
    assert lob(BlankLimit(marker="CD3")) == predicted_blank(4, 20_000, pooled_parent=60_000)
    assert lob(BlankLimit(marker="CD19", fraction=1e-4)) == pytest.approx(6.0)
    missing = blank_limit("T", rule=BlankLimit(marker="CD19"), pooled=pooled, blanks=blanks)
    assert isinstance(missing, NotEvaluable)


def test_predicted_blank__is_wider_than_a_known_mean_and_scales_with_the_parent() -> None:
    """A tube with 4 of 20,000 predicts a mean of 12 of 60,000, and is itself uncertain."""
    known = 18
    assert predicted_blank(4, 20_000, pooled_parent=60_000) > known
    assert predicted_blank(400_000, 2_000_000_000, pooled_parent=60_000) == known
    assert predicted_blank(0, 60_000, pooled_parent=60_000) == 2


def test_predicted_blank__holds_what_it_promises() -> None:
    import numpy as np

    rng = np.random.default_rng(8)
    means = rng.uniform(2, 30, 4000)
    seen, next_count = rng.poisson(means / 2), rng.poisson(means)
    limits = np.array([predicted_blank(int(x), 1000, pooled_parent=2000) for x in seen])
    assert np.mean(next_count <= limits) > 0.94


def test_ladder__carries_a_fraction_to_the_pooled_events() -> None:
    rule = RareRule(lob=BlankLimit(fraction=1e-4), lod_events=20.0, lloq_events=50.0)
    for parent, word in ((10_000, "trace"), (100_000, "not detected")):
        found = ladder("T", rule=rule, pooled={"viable": parent, "T": 7}, blanks={})
        assert isinstance(found, Ladder)
        assert found.rung == word
