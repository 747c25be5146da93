"""Preconditions: every planted invalidity is found with its own reason, and a valid lot stays valid."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from nkflow.release.pipeline import release
from nkflow.simulate import simulate_lot
from release.planting import PLANTED, drop, edit_lot, judged


@pytest.mark.parametrize("name", PLANTED)
def test_planted_invalidity__is_found_with_its_reason(lot: Path, name: str) -> None:
    plant, reason = PLANTED[name]
    plant(lot)
    found = judged(lot)
    assert found.verdict == "INVALID"
    assert [line for line in found.reasons if reason in line], found.reasons


@pytest.mark.parametrize("name", ["expired beads", "swapped FMO files", "file that is cut off"])
def test_reason__stands_in_the_record_and_on_the_page(lot: Path, name: str) -> None:
    plant, reason = PLANTED[name]
    plant(lot)
    result = release(lot / "lot.yaml", second_engine=False)
    (found, *_) = (line for line in result.reasons if reason in line)
    assert result.verdict == result.record["verdict"] == "INVALID"
    assert found in result.record["reasons"]
    assert found.removeprefix("INVALID: ") in html.unescape(result.page())


def test_valid_lot__meets_every_precondition(small_lot: Path) -> None:
    result = release(small_lot / "lot.yaml", second_engine=False)
    assert result.verdict != "INVALID"
    checks = result.record["suitability"]
    assert {check["outcome"] for check in checks} == {"met"}
    assert all(check["source"] and check["limit"] and check["value"] for check in checks)
    assert f"{len(checks)} of {len(checks)} preconditions met" in result.page()


def test_numbers__stay_visible_when_the_run_is_not_valid(lot: Path) -> None:
    drop(lot, "unstained")
    result = release(lot / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert result.dose is not None
    assert result.record["dose"]["computed_verdict"] == result.dose.verdict != "INVALID"
    assert result.record["dose"]["delivered_per_kg"] > 0
    assert f"The numbers alone would have been {result.dose.verdict}" in result.page()


def test_block__comes_first_and_says_value_limit_source_result(lot: Path) -> None:
    drop(lot, "bead-only")
    page = release(lot / "lot.yaml", second_engine=False).page()
    slugs = [part.split('"')[0] for part in page.split('<section id="')[1:]]
    assert slugs[0] == "suitability"
    block = page.split('<section id="suitability">')[1].split("</section>")[0]
    for column in ("Precondition", "Asked for", "Found", "Result", "Source"):
        assert f">{column}<" in block
    first_row = block.split("<tbody>")[1].split("</tr>")[0]
    assert "bead-only is missing" in first_row
    assert "sheet of lot PC-SIM" in block
    assert "Source of the protocol&#39;s preconditions" in block


def test_protocol_without_preconditions__still_refuses_what_no_lot_may_break(lot: Path) -> None:
    edit_lot(lot, lambda tree: tree.update(protocol="nk_release_example"))
    found = judged(lot)
    assert {"own file", "bead lot in date", "process-control in date"} <= {
        check.name for check in found.checks
    }
    assert not [line for line in found.reasons if "own file" in line]
    (lot / "B.fcs").write_bytes((lot / "A.fcs").read_bytes())
    again = release(lot / "lot.yaml", second_engine=False)
    assert any("the same bytes as tube A" in line for line in again.reasons)
    assert "The protocol names no preconditions" in again.page()


def test_settings__are_held_to_what_most_tubes_have(lot: Path) -> None:
    PLANTED["other voltage of the first tube"][0](lot)
    odd = [c for c in judged(lot).checks if c.name.startswith("same detector") and c.outcome != "met"]
    assert [(check.tube, check.value) for check in odd] == [("A", "V450-A 463")]


@pytest.mark.parametrize("seed", range(700, 710))
def test_valid_lots__stay_valid(seed: int, tmp_path: Path) -> None:
    """A tenth of `benchmarks/suitability.py`."""
    lot = simulate_lot(seed, events=16_000).write(tmp_path / "lot")
    found = judged(lot)
    assert found.verdict != "INVALID", found.reasons
    assert {check.outcome for check in found.checks} == {"met"}
