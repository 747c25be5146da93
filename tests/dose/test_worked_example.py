"""Every output of the worked example, in one document of `nkflow dose LOT.yaml --json`.

The table from its outputs to ours is `worked.paths.TABLE`; the example itself lies outside the repository
(``../shared/worked_example.json``, or the file that NKFLOW_WORKED_EXAMPLE names: any of the same layout).
`test_worked_example_numbers.py` holds the figures that have to stand without it.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from nkflow import documents
from nkflow.dose.document import dose_document
from nkflow.dose.lot import Lot, load_lot
from nkflow.dose.protocol import Protocol, load_protocol
from nkflow.dose.reportable import complies, half_up, plain
from worked.documents import EXAMPLE, lot, protocol
from worked.paths import WRONG, leaves, our_path, ours_at

HERE = Path(__file__).parent / "worked_example"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    if not EXAMPLE.is_file():
        reason = f"the worked example is not at {EXAMPLE}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return json.loads(EXAMPLE.read_text())


@pytest.fixture(scope="module")
def ours(example: dict[str, Any]) -> dict[str, Any]:
    inputs = example["inputs"]
    return dose_document(
        documents.validate(lot(inputs), Lot, name="lot"),
        documents.validate(protocol(inputs), Protocol, name="protocol"),
    )


def agrees(theirs: str, expected: Any, found: Any) -> bool:
    """1e-9 relative; probabilities 1e-9 absolute; Monte Carlo 0.5 %; words equal."""
    if theirs.endswith(".status"):
        return found == "FAIL" if expected == "REJECT" else found in ("PASS", "FAIL", "INCONCLUSIVE")
    if theirs.endswith(".reason"):
        return isinstance(found, str) and found.startswith(expected)
    if isinstance(expected, str):
        return found == expected
    if found is None:
        return False
    if theirs.startswith("MC_"):
        return math.isclose(expected, found, rel_tol=5e-3)
    probability = theirs.split(".")[-1].startswith(("p", "p_")) or "_p_" in theirs or theirs.endswith("_p")
    return math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-9 if probability else 0.0)


def test_outputs__all_agree_in_one_document(example: dict[str, Any], ours: dict[str, Any]) -> None:
    wrong, compared = [], 0
    for theirs, expected in leaves(example["outputs"]):
        if theirs == WRONG:
            continue
        path = our_path(theirs, example["outputs"])
        assert path is not None, f"the table has no row for {theirs}"
        found = ours_at(ours, path)
        compared += 1
        if not agrees(theirs, expected, found):
            wrong.append((theirs, expected, "/".join(path), found))
    assert wrong == []
    assert compared > 400


def test_refused_level__has_a_volume_a_maximum_and_nothing_per_kg(
    example: dict[str, Any], ours: dict[str, Any]
) -> None:
    refused = [level["status"] == "REJECT" for level in example["outputs"]["dose_levels"]]
    assert [not level["deliverable"] for level in ours["levels"]] == refused
    for level in ours["levels"]:
        assert ("rounded" in level) == level["deliverable"]
        assert level["max_dose_per_kg"] == ours["bag"]["max_dose_per_kg"]


def test_document__is_plain_json_without_nan(ours: dict[str, Any]) -> None:
    text = json.dumps(ours, allow_nan=False)
    assert json.loads(text) == ours
    assert (ours["schema"], ours["version"]) == ("nkflow.dose", 1)


def test_monte_carlo__is_a_diagnostic_of_a_million_trials(ours: dict[str, Any]) -> None:
    for found in ours["monte_carlo"].values():
        assert found["trials"] >= 1_000_000
        assert found["rel_sd"] == pytest.approx(found["u_rel_of_budget"], rel=0.01)


def test_rounding_table__half_up_and_operators(example: dict[str, Any]) -> None:
    for row in example["rounding"]:
        rounded = half_up(float(row["value"]), row["decimals"])
        assert plain(rounded) == row["rounded"]
        if row["op"] is not None:
            verdict = "PASS" if complies(rounded, row["op"], float(row["limit"])) else "FAIL"
            assert verdict == row["verdict"]


def test_written_documents__say_what_the_example_says(example: dict[str, Any]) -> None:
    if "NKFLOW_WORKED_EXAMPLE" in os.environ:
        pytest.skip("another example than the one written out here")
    written, built = load_lot(HERE / "lot.yaml"), documents.validate(lot(example["inputs"]), Lot, name="lot")
    assert written.model_copy(update={"protocol": built.protocol}) == built
    assert load_protocol(HERE / "protocol.yaml") == documents.validate(
        protocol(example["inputs"]), Protocol, name="protocol"
    )
