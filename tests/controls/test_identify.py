"""Names of dyes in the names of tubes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nkflow.controls.dyes import best_match, family, says_unstained
from nkflow.controls.identify import identify
from nkflow.errors import CompensationError
from nkflow.fcs.channels import Channel
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.simulate.stains import simulate_controls


@pytest.mark.parametrize(
    ("one", "other"),
    [("FITC-A", "Alexa Fluor 488-A"), ("APC-Cy7-A", "APC-Fire 750"), ("7-AAD-A", "PerCP-Cy5.5"),
     ("Pacific Blue-A", "BV421-A"), ("Qdot 605-A", "BV605"), ("PE-Cy7-A", "PC7")],
)  # fmt: skip
def test_family__joins_dyes_of_one_detector(one: str, other: str) -> None:
    assert family(one) is not None
    assert family(one) == family(other)


def test_family__keeps_tandems_apart_from_their_donors() -> None:
    assert len({family(name) for name in ("PE", "PE-Cy7", "PE-Texas Red", "APC", "APC-Cy7", "AF700")}) == 6


def test_best_match__takes_the_longest_name() -> None:
    assert best_match("Comp APC-Cy7 CD14.fcs", ["APC", "APC-Cy7", "Cy7"]) == ("APC-Cy7", 3)
    assert best_match("tube 3", ["APC"]) is None


@pytest.mark.parametrize(
    ("text", "is_it"),
    [("Unstained", True), ("NIL", True), ("no stain cells", True), ("Compensation-Unstained.fcs", True),
     ("PE CD56", False), ("nilotinib", False), ("stained", False)],
)  # fmt: skip
def test_says_unstained(text: str, is_it: bool) -> None:
    assert says_unstained(text) is is_it


def renamed(sample: Sample, number: int, markers: dict[str, str]) -> Sample:
    """A tube whose names say nothing, with these markers."""
    channels = [
        Channel(c.index, c.name, markers.get(c.name, ""), range=c.range, kind=c.kind, feature=c.feature)
        for c in sample.channels
    ]
    keywords = {k: v for k, v in sample.keywords.items() if k.endswith("V") and k.startswith("$P")}
    return Sample.from_arrays(list(sample.values().T), channels, keywords=keywords, name=f"{number:03d}.fcs")


def test_names_that_say_nothing__leave_marker_then_brightness() -> None:
    made = simulate_controls(51, events=6000)
    unstained = replace(made.negatives[0], name="unstained.fcs")
    tubes = [
        renamed(made.controls["PE-A"], 1, {"PE-A": "CD56"}),
        renamed(made.controls["APC-A"], 2, {}),
    ]
    found = identify([*tubes, unstained])
    assert {name: sample.name for name, sample in found.controls.items()} == {
        "PE-A": "001.fcs",
        "APC-A": "002.fcs",
    }
    reasons = [decision.reason for decision in found.decisions]
    assert "only channel with a marker" in reasons[0]
    assert "brightest in APC-A" in reasons[1]
    assert found.decisions[2].role == "unstained"


def test_full_stain_in_the_folder__is_not_used() -> None:
    made = simulate_controls(52, events=6000)
    odd = made.controls["PE-A"]
    full = Sample.from_arrays(list(odd.values().T), odd.channels, name="FMO minus one.fcs")
    found = identify([made.controls["APC-A"], full, *made.negatives])
    assert [decision.role for decision in found.decisions][:2] == ["control", "not used"]


def test_tube_that_only_brightness_speaks_for__takes_no_place_of_a_named_one() -> None:
    made = simulate_controls(54, events=6000)
    odd = renamed(made.controls["PE-A"], 7, {})
    found = identify([odd, made.controls["APC-A"], made.controls["PE-A"], *made.negatives])
    assert found.controls["PE-A"] is made.controls["PE-A"]
    assert found.decisions[0].role == "not used"
    assert made.controls["PE-A"].name in found.decisions[0].reason
    alone = identify([odd, made.controls["APC-A"], *made.negatives])
    assert alone.controls["PE-A"] is odd
    with pytest.raises(CompensationError, match="two files") as refused:
        identify([odd, renamed(made.controls["PE-A"], 8, {}), *made.negatives])
    assert "--spectra" not in str(refused.value)


def test_spectral_controls_taken_for_others__hint_at_spectra(reference: Path) -> None:
    folder = reference / "compensation" / "spectral_controls"
    with pytest.raises(CompensationError, match="two files") as refused:
        identify([read_fcs(path) for path in sorted(folder.glob("*.fcs"))])
    assert "--spectra" in str(refused.value)


def test_nothing_that_is_a_control__is_refused() -> None:
    made = simulate_controls(53, events=3000)
    with pytest.raises(CompensationError) as refused:
        identify(made.negatives)
    assert refused.value.code == "controls-unclear"
    with pytest.raises(CompensationError):
        identify([])
