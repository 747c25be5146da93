"""The lot that is shipped in ``sample_fcs/``: it is what its command makes, and its verdict is PASS."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nkflow.counting.quantify import quantify
from nkflow.dose.assess import assess_dose
from nkflow.dose.lot import load_lot
from nkflow.dose.protocol import load_protocol
from nkflow.fcs import read_fcs
from nkflow.gating import gate, load_template
from nkflow.simulate import simulate_lot

SEED, EVENTS = 3, 18_000


def test_sample_lot__is_what_its_command_makes(project: Path) -> None:
    folder = project / "sample_fcs"
    lot = simulate_lot(SEED, events=EVENTS)
    assert f"--seed {SEED} --events {EVENTS}" in (folder / "README.md").read_text()
    assert json.loads((folder / "truth.json").read_text())["tubes"] == lot.truth["tubes"]
    assert load_lot(folder / "lot.yaml").counting == lot.counting
    for tube in (*lot.tubes, *lot.controls):
        # another processor may round the last digit of an exponential otherwise
        stored = read_fcs(folder / f"{tube.id}.fcs").values()
        np.testing.assert_allclose(stored, tube.sample.values(), rtol=1e-5, atol=0.01)


def test_sample_lot__is_small_and_whole(project: Path) -> None:
    files = {path.name: path.stat().st_size for path in (project / "sample_fcs").iterdir()}
    assert sum(files.values()) <= 5_000_000
    assert set(files) == {
        *(f"{name}.fcs" for name in ("A", "B", "C", "FMO-CD3", "FMO-CD56", "unstained")),
        "bead-only.fcs",
        "process-control.fcs",
        "lot.yaml",
        "truth.json",
        "README.md",
    }


def test_sample_lot__passes_and_its_intervals_hold_the_truth(project: Path) -> None:
    folder = project / "sample_fcs"
    lot, truth = load_lot(folder / "lot.yaml"), json.loads((folder / "truth.json").read_text())
    protocol, template = load_protocol(lot.protocol), load_template(str(lot.template))
    gatings = {tube.id: gate(read_fcs(tube.file or ""), template) for tube in lot.tubes}
    assert all(not gating.findings for gating in gatings.values())
    samples = [gatings[tube.id] for tube in lot.of_role("sample")]
    composition = quantify(
        samples, counting=lot.counting, rules=protocol.counting, blanks={"CD3": [gatings["FMO-CD3"]]}
    )
    dose = assess_dose(composition, product=lot, protocol=protocol)
    assert dose.verdict == "PASS"
    table = dose.table().set_index("population")
    for population in ("CD56+", "T", "NK", "NKT-like", "B", "monocytes"):
        true_per_kg = truth["per_ml"][population] * dose.volume_ml / lot.recipient.mass_kg
        row = table.loc[population]
        assert row["low"] <= true_per_kg <= row["high"], population
    viable = sum(gating.counts["viable"] for gating in samples)
    viability = viable / (viable + sum(gating.counts["dead"] for gating in samples))
    assert viability == pytest.approx(truth["viability"], abs=0.01)
