"""Adaptive templates: documents, order, resolution into a fixed template, no gate, findings, boundaries."""

from __future__ import annotations

import time

import numpy as np
import pytest

from adaptive.shapes import two_peaks
from nkflow.compensation import Spillover
from nkflow.counting.gates import pooled
from nkflow.counting.inputs import Boundary
from nkflow.errors import GatingError, InvalidValueError, TemplateError
from nkflow.fcs.sample import Sample
from nkflow.gating import gate, load_template, parse_template
from nkflow.gating.adaptive.resolve import resolve
from nkflow.scales import Logicle
from nkflow.simulate import simulate_lot

SCALE = Logicle(T=262144, W=0.8, M=4.5)
TEXT = """
nkflow: template/1
name: two
compensation: {policy: none}
scales:
  CD3: {kind: logicle, T: 262144, W: 0.8, M: 4.5}
  CD56: {kind: logicle, T: 262144, W: 0.8, M: 4.5}
populations:
  - {name: CD3+, gate: {kind: range, channel: CD3, low: 850}}
  - {name: CD3-, gate: {kind: range, channel: CD3, high: 850}}
  - {name: NK, parent: CD3-, gate: {kind: range, channel: CD56, low: 640}}
  - {name: both, parent: NK, gate: {kind: rectangle, bounds: {CD3: [null, 850], CD56: [640, null]}}}
cuts:
  - {name: CD56, of: CD3-, channel: CD56, find: {kind: valley}, window: [300, 3000], sets: {NK: low, both: CD56 low}}
  - {name: CD3, of: root, channel: CD3, find: {kind: valley}, window: [300, 3000],
     sets: {CD3+: low, CD3-: high, both: CD3 high}}
"""


def sample_of(n: int = 8000, *, seed: int = 1, share: float = 0.3) -> Sample:
    columns = {
        name: SCALE.inverse(two_peaks(n, share=share, at=(0.22, 0.65), sd=(0.04, 0.04), seed=seed + k))
        for k, name in enumerate(("CD3", "CD56"))
    }
    return Sample.from_arrays(columns, name="A")


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new)


def window_of_cd3(window: str) -> str:
    return changed("window: [300, 3000],\n", f"window: {window},\n")


def test_resolve__makes_an_ordinary_fixed_template() -> None:
    template = parse_template(TEXT)
    assert template.is_adaptive
    found = resolve(template, sample_of())
    assert not found.template.is_adaptive
    assert found.template.name == "two"
    assert found.findings == ()
    cuts = found.values
    gates = [population.gate for population in found.template.populations]
    assert gates[0].low == gates[1].high == cuts["CD3"]
    assert gates[2].low == cuts["CD56"]
    assert gates[3].sides[0][2] == cuts["CD3"]
    assert gates[3].sides[1][1] == cuts["CD56"]
    assert parse_template(found.template.to_yaml()) == found.template


def test_gate__resolves_first_and_runs_the_fixed_template() -> None:
    sample, template = sample_of(), parse_template(TEXT)
    gating = gate(sample, template)
    again = gate(sample, gating.template)
    assert dict(gating.counts) == dict(again.counts)
    assert gating.resolution is not None
    assert again.resolution is None
    assert gating.counts["CD3+"] == pytest.approx(2400, abs=150)
    plain = gating.as_dict()["resolution"]
    assert plain["template"]["sha256"] == template.sha256 != gating.template.sha256
    assert {cut["name"]: cut["value"] for cut in plain["cuts"]} == gating.resolution.values


def test_resolve__gives_the_same_bits_again_and_from_a_permuted_document() -> None:
    sample, template = sample_of(), parse_template(TEXT)
    first, second = resolve(template, sample), resolve(template, sample)
    assert first.as_dict() == second.as_dict()
    assert first.template.sha256 == second.template.sha256


def test_resolve__looks_at_an_evenly_spaced_part_of_many_events() -> None:
    found = resolve(parse_template(TEXT), sample_of(450_000))
    assert found.n_events == 450_000
    assert 190_000 <= found.n_looked <= 200_000
    few = resolve(parse_template(TEXT), sample_of(50_000))
    assert few.n_looked == 50_000
    assert found.values["CD3"] == pytest.approx(few.values["CD3"], rel=0.15)


class TestNoGate:
    def test_populations_that_need_it__are_not_evaluable_with_the_reason(self) -> None:
        gating = gate(sample_of(), parse_template(window_of_cd3("[1e5, 2e5]")))  # fmt: skip
        for name in ("CD3+", "CD3-", "NK", "both"):
            with pytest.raises(GatingError, match="not evaluable") as caught:
                gating.counts[name]
            assert "CD3" in caught.value.found
        assert [(f.code, f.severity) for f in gating.findings] == [("no-gate", "error"), ("no-gate", "error")]
        assert gating.resolution is not None
        assert gating.resolution.missing["CD56"].reason == "no-parent"

    def test_outside_its_window__is_named_with_place_and_window(self) -> None:
        found = resolve(parse_template(window_of_cd3("[2000, 90000]")), sample_of())  # fmt: skip
        (finding, *_) = (f for f in found.findings if f.where == "cut CD3")
        assert finding.code == "cut-outside-window"
        assert "window 2000 to 90000" in finding.message
        assert found["CD3"].answer.candidate is not None
        assert found["CD3"].value is None

    def test_a_persons_gate__stands_in_its_place(self) -> None:
        text = changed(
            "channel: CD56, find: {kind: valley}, window: [300, 3000]",
            "channel: CD56, find: {kind: valley}, window: [1e5, 2e5]",
        )
        gating = gate(sample_of(), parse_template(text))
        assert "NK" not in gating.counts
        decided = gating.template.with_gate("NK", low=900)
        again = gating.update(decided)
        assert again.counts["NK"] > 0
        assert "both" not in again.counts

    def test_too_few_events__are_said(self) -> None:
        found = resolve(parse_template(TEXT), sample_of(60))
        assert found.missing["CD3"].reason == "too-few-events"

    def test_one_population__is_no_guess(self) -> None:
        found = resolve(parse_template(TEXT), sample_of(20_000, share=0.0))
        assert set(found.missing) == {"CD3", "CD56"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("of: CD3-, channel: CD56", "of: nobody, channel: CD56", "'nobody' is not one population"),
        ("NK: low, both", "NK: x_cut, both", "has no number 'x_cut'"),
        ("both: CD56 low", "both: CD3 low", "'CD3 low' is on CD3, the cut on CD56"),
        ("name: CD56, of", "name: CD3, of", "is the name of two cuts"),
        ("of: root, channel: CD3", "of: NK, channel: CD3", "in a circle"),
        ("window: [300, 3000], sets", "window: [3000, 300], sets", "from a lower to a higher"),
        ("  CD56: {kind: logicle, T: 262144, W: 0.8, M: 4.5}\n", "", "no scale|needs a scale|there is none for CD56"),
        ("{kind: valley}, window: [300, 3000], sets", "{kind: guess}, window: [300, 3000], sets", "valley"),
        ("{kind: valley}, window: [300, 3000], sets", "{kind: singlet-band}, window: [1, 2], sets", "one whole gate"),
    ],
)  # fmt: skip
def test_mistakes_of_a_document__are_named(old: str, new: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        parse_template(changed(old, new))


class TestControls:
    text = changed(
        "channel: CD56, find: {kind: valley}",
        "channel: CD56, find: {kind: fmo, marker: CD56, p: 0.99}, otherwise: {kind: valley}",
    )
    blank = staticmethod(lambda: sample_of(6000, seed=9, share=0.0))

    def test_fmo__sets_the_cut_of_the_tube(self) -> None:
        control = Sample.from_arrays(
            {
                "CD3": np.array(sample_of().values("CD3"))[:, 0],
                "CD56": np.array(self.blank().values("CD56"))[:, 0].repeat(2)[:8000],
            }
        )
        found = resolve(parse_template(self.text), sample_of(), {"CD56": control})
        assert found["CD56"].source == "FMO CD56"
        negatives = control.values("CD56")[:, 0][control.values("CD3")[:, 0] < found.values["CD3"]]
        assert found.values["CD56"] == pytest.approx(np.quantile(negatives, 0.99), rel=1e-3)
        assert found.findings == ()

    def test_without_controls__the_tube_itself_is_used_with_a_finding(self) -> None:
        found = resolve(parse_template(self.text), sample_of())
        assert found["CD56"].source == "tube"
        assert [(f.code, f.severity) for f in found.findings] == [("cut-without-control", "warning")]

    def test_two_of_one_marker__are_refused(self) -> None:
        class Tube:
            role, marker = "fmo", "CD56"
            sample = self.blank()

        with pytest.raises(InvalidValueError, match="two FMO"):
            resolve(parse_template(self.text), sample_of(), [Tube(), Tube()])
        with pytest.raises(InvalidValueError, match="not a control"):
            resolve(parse_template(self.text), sample_of(), [3])
        with pytest.raises(InvalidValueError, match="without its marker"):
            resolve(parse_template(self.text), sample_of(), [self.blank()])


class TestOptional:
    populations = """
  - {name: single, gate: {kind: polygon, x: FSC-A, y: FSC-H, vertices: [[0, 0], [1, 0], [1, 1]]}}
  - {name: low, parent: single, gate: {kind: range, channel: CD3, high: 850}}
cuts:
  - {name: band, of: root, channel: FSC-A, find: {kind: singlet-band}, window: [0.05, 0.5], sets: {single: gate},
     optional: true}
"""
    panel = "panel: {FSC-H: {required: false}, FSC-A: {required: false}}\ncompensation:"
    text = changed("\ncuts:\n", populations).replace("compensation:", panel)

    def test_absent_channel__lets_all_pass_with_a_warning(self) -> None:
        gating = gate(sample_of(), parse_template(self.text))
        assert gating.counts["single"] == 8000
        assert gating.counts["low"] > 0
        assert [(f.code, f.severity) for f in gating.findings if f.where == "cut band"] == [
            ("no-gate", "warning")
        ]

    def test_present_channels__are_gated(self) -> None:
        rng = np.random.default_rng(1)
        area = np.exp(rng.normal(11, 0.15, 8000))
        columns = {c.name: sample_of().values(c.name)[:, 0] for c in sample_of().channels}
        columns |= {"FSC-A": area, "FSC-H": area**0.9 * np.exp(rng.normal(0, 0.03, 8000))}
        gating = gate(Sample.from_arrays(columns), parse_template(self.text))
        assert gating.counts["single"] == pytest.approx(7992, abs=20)


class TestBoundaries:
    def test_change__is_that_of_the_moved_template(self) -> None:
        sample = sample_of(20_000)
        wide = Sample.from_arrays(
            {
                "CD3": SCALE.inverse(two_peaks(20_000, share=0.4, at=(0.3, 0.55), sd=(0.07, 0.07), seed=3)),
                "CD56": sample.values("CD56")[:, 0],
            }
        )
        gating = gate(wide, parse_template(TEXT))
        boundary = next(b for b in gating.boundaries if b.name == "CD3")
        cut = gating.resolution["CD3"]
        low, high = (float(SCALE.inverse(cut.answer.at + sign * boundary.u)) for sign in (-1, 1))
        values = wide.values("CD3")[:, 0]
        crossing = np.count_nonzero((values >= low) & (values < high))
        assert boundary.events_per_unit["CD3-"] == pytest.approx(crossing / (2 * boundary.u))
        assert boundary.events_per_unit["CD3+"] == -boundary.events_per_unit["CD3-"]
        assert boundary.unit == "display units"

    def test_pooled__adds_events_and_takes_the_error_as_shared(self) -> None:
        given = {"name": "CD3", "unit": "display units"}
        one = Boundary(**given, u=0.01, events_per_unit={"NK": 100.0, "T": -100.0})
        two = Boundary(**given, u=0.02, events_per_unit={"NK": 100.0})
        (both,) = pooled([[one], [two]])
        assert both.events_per_unit == {"NK": 200.0, "T": -100.0}
        assert 0.01 < both.u < 0.02


def test_explain__shows_density_candidates_choice_and_window() -> None:
    gating = gate(sample_of(), parse_template(TEXT))
    text = str(gating.explain("NK"))
    for word in ("CD3: valley of CD3 in root", "window 300 to 3000", "candidates", "cut at", "█", "^"):
        assert word in text
    assert "CD56" not in str(gating.explain("CD3+"))
    fixed = gate(sample_of(), gating.template)
    assert "fixed" in str(fixed.explain("NK"))


def test_shipped_template__is_adaptive_and_its_matrix_is_applied_to_controls_too() -> None:
    template = load_template("nk_release_7aad_adaptive")
    assert template.is_adaptive
    assert [cut.name for cut in template.document.cuts][:2] == ["beads CD14", "beads CD19"]
    assert template.compensation.policy == "file"
    names = ("CD3", "CD56")
    matrix = Spillover(names, np.array([[1.0, 0.1], [0.0, 1.0]]))
    spilled = Sample.from_arrays(
        {
            c.name: v
            for c, v in zip(sample_of().channels, (sample_of().values() @ matrix.matrix).T, strict=True)
        },
        spillover=matrix,
    )
    text = TEXT.replace("policy: none", "policy: file")
    assert resolve(parse_template(text), spilled).values == pytest.approx(
        resolve(parse_template(TEXT), sample_of()).values, rel=1e-6
    )


def test_resolve__takes_a_fraction_of_a_second_and_gives_the_same_bits() -> None:
    """100,000 events with controls, 200 replicates of every cut; the bound is six times what it takes."""
    lot = simulate_lot(5, events=100_000)
    template = load_template("nk_release_7aad_adaptive")
    seconds, found = [], []
    for _ in range(4):
        begin = time.process_time()
        found.append(resolve(template, lot.tubes[0].sample, lot.controls))
        seconds.append(time.process_time() - begin)
    assert min(seconds) <= 0.3
    assert len({tuple((b.name, b.u) for b in each.boundaries) for each in found}) == 1
