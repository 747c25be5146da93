"""T cells in excluded doublets: pairs by chance cost little, an excess of CD3+ pairs is an uncertainty of T."""

from __future__ import annotations

import math

import pytest

from nkflow.counting.conjugates import conjugates_term

POOLED = {"viable": 100_000, "CD3+": 20_000, "T": 2_000, "viable doublets": 6_000}


def term(with_cd3: int, **changes: int) -> float:
    (found,) = conjugates_term("T", POOLED | {"CD3+ doublets": with_cd3} | changes, phi=1.0, measurement="m")
    assert found.kind == "doublets"
    assert not found.shared
    return found.u


def test_pairs_by_chance__bring_their_own_counting_error_only() -> None:
    expected = 0.36 * 6_000  # 1 - 0.8^2
    counting = 0.36 * 0.64 * 6_000 + (1.6 * 6_000) ** 2 * 0.16 / 100_000
    assert term(2_160) == pytest.approx(math.sqrt(counting + (0.02 * expected) ** 2) / 2_000)
    assert term(2_000) == pytest.approx(term(2_160))  # fewer than by chance: nothing hides


def test_excess_of_cd3_pairs__is_an_uncertainty_of_t() -> None:
    assert term(2_160 + 1_000) == pytest.approx(math.hypot(1_000 / 2_000, term(2_160)))


def test_last_t_cell__is_not_known_and_no_overflow() -> None:
    assert term(5_000, T=1) == 3.0


@pytest.mark.parametrize(
    ("population", "pooled"),
    [
        ("NK", POOLED | {"CD3+ doublets": 3_000}),
        ("T", POOLED),
        ("T", POOLED | {"CD3+ doublets": 3_000, "T": 0}),
        ("T", POOLED | {"CD3+ doublets": 0, "viable doublets": 0}),
    ],
)
def test_no_term__for_others_or_without_the_counts(population: str, pooled: dict[str, int]) -> None:
    assert conjugates_term(population, pooled, phi=1.0, measurement="m") == ()
