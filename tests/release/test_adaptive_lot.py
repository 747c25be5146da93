"""A release with cuts that are found: carried from FMOs to sample tubes, gates carried on to controls, no gate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from nkflow.fcs import read_fcs, write_fcs
from nkflow.fcs.sample import Sample
from nkflow.gating import load_template, parse_template
from nkflow.gating.adaptive.resolve import resolve
from nkflow.release.pipeline import release
from nkflow.release.record import canonical
from nkflow.simulate import simulate_lot

ADAPTIVE = "template: nk_release_7aad_adaptive"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = simulate_lot(5, events=40_000).write(tmp_path_factory.mktemp("adaptive") / "lot")
    text = (folder / "lot.yaml").read_text()
    (folder / "lot.yaml").write_text(text.replace("template: nk_release_7aad", ADAPTIVE))
    return folder


@pytest.fixture
def adaptive(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lot"))


def test_release__finds_the_cuts_of_every_sample_tube_and_the_second_engine_agrees(made: Path) -> None:
    result = release(made / "lot.yaml")
    assert result.verdict in {"PASS", "INCONCLUSIVE"}
    truth = json.loads((made / "truth.json").read_text())
    assert result.composition is not None
    assert 1000 * result.composition.concentration("CD56+").per_ul == pytest.approx(
        truth["per_ml"]["CD56+"], rel=0.12
    )
    tubes = {tube["id"]: tube for tube in result.record["tubes"]}
    for name in "ABC":
        cuts = {cut["name"]: cut for cut in tubes[name]["gating"]["resolution"]["cuts"]}
        assert cuts["CD3 FMO"]["source"] == "FMO CD3"
        assert tubes[name]["gates_of_tube"] is None
        assert tubes[name]["second_engine"]["agrees"]
        assert not tubes[name]["second_engine"]["differences"]
    assert len({tubes[name]["gating"]["template"]["sha256"] for name in "ABC"}) == 3


def test_record__holds_the_resolved_template_of_every_tube(made: Path) -> None:
    result = release(made / "lot.yaml", second_engine=False)
    for gated, tube in zip(result.tubes, result.record["tubes"], strict=True):
        again = parse_template(json.dumps(tube["resolved_template"]))
        assert not again.is_adaptive
        assert again.sha256 == tube["gating"]["template"]["sha256"] == gated.gating.template.sha256
        assert tube["gates_of_tube"] == (None if tube["role"] in ("sample", "process-control") else "A")
    first, other = (
        canonical(release(made / "lot.yaml", threads=n, second_engine=False).record) for n in (1, 2)
    )
    assert first == other == canonical(result.record)


def test_resolved_template__is_what_the_tube_and_its_fmos_give_alone(made: Path) -> None:
    result = release(made / "lot.yaml", second_engine=False)
    fmos = {marker: read_fcs(made / f"FMO-{marker}.fcs") for marker in ("CD3", "CD56")}
    alone = resolve(load_template("nk_release_7aad_adaptive"), read_fcs(made / "B.fcs"), fmos)
    assert alone.template.sha256 == result.tubes[1].gating.template.sha256


def test_gating_error__is_a_term_of_the_budget_for_each_boundary(made: Path) -> None:
    result = release(made / "lot.yaml", second_engine=False)
    sources = result.composition.concentration("T").budget.by_source()
    gates = {name for name in sources if name.startswith("gate ")}
    assert {"gate CD3", "gate CD56"} <= gates
    fixed = made / "fixed.yaml"
    fixed.write_text((made / "lot.yaml").read_text().replace(ADAPTIVE, "template: nk_release_7aad"))
    without = release(fixed, second_engine=False).composition.concentration("T").budget.by_source()
    assert not [name for name in without if name.startswith("gate ")]


def test_cut_outside_its_window__makes_the_lot_invalid_with_its_reason(adaptive: Path) -> None:
    text = load_template("nk_release_7aad_adaptive").to_yaml()
    narrow = text.replace("- 550.0\n      - 1600.0", "- 20000.0\n      - 30000.0")
    assert narrow != text
    (adaptive / "mine.yaml").write_text(narrow)
    (adaptive / "lot.yaml").write_text(
        (adaptive / "lot.yaml").read_text().replace(ADAPTIVE, "template: mine.yaml")
    )
    result = release(adaptive / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert any("tube A: no gate for CD3:" in reason for reason in result.reasons)
    assert result.dose is None


def test_one_tube_without_a_cd3_stain__has_no_gate_and_the_lot_no_dose(adaptive: Path) -> None:
    sample = read_fcs(adaptive / "FMO-CD3.fcs")
    write_fcs(adaptive / "C.fcs", sample, force=True)
    result = release(adaptive / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert any(reason.startswith("INVALID: tube C: no gate for CD3") for reason in result.reasons)
    assert result.record["tubes"][2]["gating"]["not_evaluable"]


def test_lot_without_fmo__says_so_and_the_protocol_refuses_it(adaptive: Path) -> None:
    lines = (adaptive / "lot.yaml").read_text().splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.strip() == "- id: FMO-CD3")
    stop = next(i for i in range(start + 1, len(lines)) if lines[i].startswith("  - id:"))
    (adaptive / "lot.yaml").write_text("".join(lines[:start] + lines[stop:]))
    result = release(adaptive / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert any("controls present not met: fmo CD3" in reason for reason in result.reasons)
    findings = [f for f in result.record["tubes"][0]["findings"] if f["code"] == "cut-without-control"]
    assert findings


def test_two_fmos_of_one_marker__are_no_choice_for_the_program(adaptive: Path) -> None:
    text = (adaptive / "lot.yaml").read_text()
    assert text.count("marker: CD56") == 1
    (adaptive / "lot.yaml").write_text(text.replace("marker: CD56", "marker: CD3"))
    result = release(adaptive / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert any("two FMO tubes without CD3" in reason for reason in result.reasons)


def test_sample_tubes_that_cannot_be_read__leave_the_controls_without_gates(adaptive: Path) -> None:
    for name in "ABC":
        (adaptive / f"{name}.fcs").write_bytes(b"nothing")
    result = release(adaptive / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert any("tube unstained: no sample tube gives gates" in reason for reason in result.reasons)


def test_removed_stretch__takes_its_part_of_the_boundaries(made: Path) -> None:
    result = release(made / "lot.yaml", second_engine=False)
    tube = result.tubes[0]
    whole = tube.counts(result.lot.counting)
    assert tube.quality is not None
    assert tube.quality.removed_events == 0
    assert whole.boundaries
    u = [boundary.u for boundary in whole.boundaries]
    assert u == [boundary.u for boundary in tube.gating.boundaries]
    assert np.all(np.isfinite(u))
    assert isinstance(tube.sample, Sample)
