"""A simulated lot: the same bytes again, a truth that adds up, documents and files that can be read."""

from __future__ import annotations

import hashlib
import json
import math
import time
from pathlib import Path

import numpy as np
import pytest

from nkflow.dose.lot import load_lot
from nkflow.errors import InvalidValueError, OutputError
from nkflow.fcs import read_fcs
from nkflow.simulate import SimulatedLot, simulate_lot
from nkflow.simulate.labels import LEAVES


@pytest.fixture(scope="module")
def lot() -> SimulatedLot:
    return simulate_lot(7, events=8_000)


@pytest.fixture(scope="module")
def folder(lot: SimulatedLot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lot.write(tmp_path_factory.mktemp("lots") / "seven")


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_same_seed__gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = simulate_lot(7, events=8_000).write(tmp_path / "again")
    assert _hashes(again) == _hashes(folder)
    other = simulate_lot(8, events=8_000).write(tmp_path / "other")
    assert _hashes(other)["A.fcs"] != _hashes(folder)["A.fcs"]


def test_lot__has_three_replicates_and_every_control(lot: SimulatedLot) -> None:
    assert [(tube.id, tube.role) for tube in lot.tubes] == [("A", "sample"), ("B", "sample"), ("C", "sample")]
    assert [(tube.role, tube.marker) for tube in lot.controls] == [
        ("fmo", "CD3"),
        ("fmo", "CD56"),
        ("unstained", None),
        ("bead-only", None),
        ("process-control", None),
    ]


def test_truth__adds_up_in_every_tube(lot: SimulatedLot) -> None:
    for tube in (*lot.tubes, *lot.controls):
        counts = tube.truth_counts
        assert sum(counts[leaf] for leaf in LEAVES) == counts["viable"]
        assert sum(counts[f"dead {leaf}"] for leaf in LEAVES) == counts["dead"]
        assert counts["viable"] + counts["dead"] == counts["CD45+"]
        assert counts["CD56+"] == counts["NK"] + counts["NKT-like"]
        parts = ("CD45+", "doublets", "beads", "debris")
        assert sum(counts[part] for part in parts) == tube.sample.n_events
        assert (counts["beads"] > 0) == (tube.role in ("sample", "bead-only", "process-control"))
        for label, count in counts.items():
            assert np.count_nonzero(tube.truth_mask(label)) == count
        assert not tube.truth_bad.any()


def test_true_per_ml__is_where_the_counts_come_from(lot: SimulatedLot) -> None:
    per_ml = lot.true_per_ml
    assert sum(per_ml[leaf] for leaf in LEAVES) == pytest.approx(per_ml["viable"], rel=1e-12)
    assert per_ml["viable"] / per_ml["CD45+"] == pytest.approx(lot.truth["viability"], rel=1e-12)
    counts = [tube.truth_counts for tube in (*lot.tubes, *lot.controls) if tube.role != "process-control"]
    seen = sum(count["viable"] for count in counts)
    for leaf in LEAVES:
        if leaf == "T":  # bound to NK cells, so fewer singles than their share
            continue
        expected = seen * per_ml[leaf] / per_ml["viable"]
        assert abs(sum(count[leaf] for count in counts) - expected) < 4 * math.sqrt(expected)


def test_bead_only_and_process_control__hold_what_they_are_for(lot: SimulatedLot) -> None:
    by_role = {tube.role: tube for tube in lot.controls}
    beads = by_role["bead-only"].truth_counts
    assert beads["beads"] == by_role["bead-only"].sample.n_events
    blood = by_role["process-control"].truth_counts
    assert blood["T"] / blood["viable"] == pytest.approx(0.60, abs=0.05)
    assert blood["viable"] / blood["CD45+"] == pytest.approx(0.85, abs=0.03)
    assert blood["beads"] > 0


def test_unstained_and_fmo__lack_their_dyes(lot: SimulatedLot) -> None:
    by_id = {tube.id: tube for tube in (*lot.tubes, *lot.controls)}
    full = np.median(by_id["A"].sample.values("CD3")[by_id["A"].truth_mask("NKT-like")])
    for name in ("FMO-CD3", "unstained"):
        tube = by_id[name]
        assert np.median(tube.sample.values("CD3")[tube.truth_mask("NKT-like")]) < 0.5 * full
    cd56 = by_id["FMO-CD3"]
    assert np.median(cd56.sample.values("CD56")[cd56.truth_mask("NK")]) > 3000
    blank = by_id["unstained"].sample.values(["CD45", "CD56", "CD3"])
    assert np.quantile(blank, 0.999) < 1000


def test_files__read_back_equal_with_the_keywords_of_the_cytometer(lot: SimulatedLot, folder: Path) -> None:
    for tube in (*lot.tubes, *lot.controls):
        sample = read_fcs(folder / f"{tube.id}.fcs")
        assert sample.version == "FCS3.1"
        assert sample.keywords["$BYTEORD"] == "4,3,2,1"
        assert sample.findings == ()
        assert [channel.marker for channel in sample.channels] == [c.marker for c in tube.sample.channels]
        np.testing.assert_array_equal(sample.values(), tube.sample.values())
        assert sample.spillover is not None
        assert tube.sample.spillover is not None
        np.testing.assert_array_equal(sample.spillover.matrix, tube.sample.spillover.matrix)
        assert sample.cytometer == "nkflow simulated cytometer"
        assert sample.keywords["TUBE NAME"] == tube.id
        assert sample.keywords["$SMNO"] == lot.lot.lot
        assert sample.acquired.seconds == pytest.approx(tube.sample.acquired.seconds, abs=0.02)
        assert sample.volume is not None
        assert sample.volume.plausible_units(sample.acquired.seconds) == ("nL",)


def test_files__keep_the_detector_voltages(lot: SimulatedLot, folder: Path) -> None:
    keywords = read_fcs(folder / "A.fcs").keywords
    assert {f"$P{n}V": keywords.get(f"$P{n}V") for n in range(1, 14)} == {
        f"$P{n}V": lot.tubes[0].sample.keywords[f"$P{n}V"] for n in range(1, 14)
    }


def test_lot_document__is_read_as_it_was_written(lot: SimulatedLot, folder: Path) -> None:
    read = load_lot(folder / "lot.yaml")
    assert read.counting == lot.counting
    assert read.product == lot.product
    assert read.recipient == lot.lot.recipient
    controls = ["FMO-CD3", "FMO-CD56", "unstained", "bead-only", "process-control"]
    assert [tube.id for tube in read.tubes] == ["A", "B", "C", *controls]
    assert read.instrument == lot.lot.instrument
    assert read.reagents == lot.lot.reagents
    assert all(tube.file is not None and tube.file.is_file() for tube in read.tubes)
    assert json.loads((folder / "truth.json").read_text()) == lot.truth


def test_write__replaces_nothing_without_force(lot: SimulatedLot, tmp_path: Path) -> None:
    target = lot.write(tmp_path / "lot")
    with pytest.raises(OutputError, match="exists already"):
        lot.write(target)
    before = _hashes(target)
    assert lot.write(target, force=True) == target
    assert _hashes(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["lot"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"difficulty": "easy"}, "ordinary or hard"),
        ({"faults": ("leak",)}, "no such fault"),
        ({"seed": -1}, "0 or more"),
        ({"events": 99}, "100 or more"),
    ],
)
def test_arguments__that_mean_nothing_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        simulate_lot(**({"seed": 1} | change))  # type: ignore[arg-type]


def test_truth_mask__refuses_unknown_labels(lot: SimulatedLot) -> None:
    with pytest.raises(InvalidValueError, match="no such label"):
        lot.tubes[0].truth_mask("NKT")


def test_small_tubes__are_simulated_too() -> None:
    lot = simulate_lot(3, events=100)
    assert all(0 < tube.sample.n_events < 200 for tube in lot.tubes)


def test_lot__of_usual_size_takes_a_moment() -> None:
    spent = []
    for seed in (1, 2):
        before = time.process_time()
        simulate_lot(seed)
        spent.append(time.process_time() - before)
    # six tubes, measured 0.45 s; the limit leaves room for a slow machine
    assert min(spent) < 2.5
