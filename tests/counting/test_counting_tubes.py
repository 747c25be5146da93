"""Counts that can't be are refused; unions are added."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nkflow.counting.tubes import TubeCounts, pool
from nkflow.errors import CountingError
from worked.cases import counts


@dataclass
class Gating:
    counts: dict[str, int]


def test_unions__are_the_sums_of_their_parts() -> None:
    tube = TubeCounts("A", counts(NK=10, NKT_like=5, T=3, dead=2))
    assert tube.counts["CD56+"] == 15
    assert tube.counts["CD3+"] == 8
    assert tube.counts["CD45+"] == tube.counts["viable"] + 2


def test_leaves__sum_to_viable_or_the_tube_is_refused() -> None:
    wrong = counts() | {"viable": counts()["viable"] + 1}
    with pytest.raises(CountingError, match="viable") as caught:
        TubeCounts("A", wrong)
    assert caught.value.code == "counts-inconsistent"
    assert "tube A" in str(caught.value)


def test_given_union__has_to_agree() -> None:
    with pytest.raises(CountingError, match=r"CD56\+"):
        TubeCounts("A", counts() | {"CD56+": 1})


def test_panel_without_b_cells__sums_the_leaves_it_has() -> None:
    fewer = {"beads": 10, "dead": 1, "NK": 7, "NKT-like": 2, "T": 1, "other": 3, "viable": 13}
    assert "B" not in TubeCounts("A", fewer).counts


@pytest.mark.parametrize("missing", ["viable", "NK", "NKT-like", "T"])
def test_needed_populations__are_named_when_missing(missing: str) -> None:
    fewer = counts()
    del fewer[missing]
    with pytest.raises(CountingError, match=missing):
        TubeCounts("A", fewer)


def test_negative_count__is_refused() -> None:
    with pytest.raises(CountingError, match="beads"):
        TubeCounts("A", counts() | {"beads": -1})


def test_gating__gives_its_counts() -> None:
    assert dict(TubeCounts.of(Gating(counts()), tube="A").counts) == dict(TubeCounts("A", counts()).counts)


def test_pool__sums_what_every_tube_counted() -> None:
    one, other = TubeCounts("A", counts() | {"CD3dim": 5}), TubeCounts("B", counts())
    pooled = pool([one, other])
    assert pooled["NK"] == 2 * one.counts["NK"]
    assert "CD3dim" not in pooled


def test_counts__are_read_only() -> None:
    given = counts()
    tube = TubeCounts("A", given)
    given["NK"] = 0
    assert tube.counts["NK"] == counts()["NK"]
    with pytest.raises(TypeError):
        tube.counts["NK"] = 0  # type: ignore[index]
