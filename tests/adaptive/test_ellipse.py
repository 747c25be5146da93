"""A population that a template finds as an ellipse: one component of a normal mixture on two channels (AG-10)."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from nkflow.cli import main
from nkflow.errors import TemplateError
from nkflow.fcs import write_fcs
from nkflow.fcs.sample import Sample
from nkflow.gating import Ellipsoid, gate, parse_template
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.resolution import Resolution
from nkflow.gating.adaptive.resolve import resolve

TEXT = """
nkflow: template/1
name: round
compensation: {policy: none}
scales:
  FSC-A: {kind: linear, T: 262144}
  SSC-A: {kind: linear, T: 262144}
populations:
  - {name: lymphocytes, gate: {kind: ellipsoid, axes: [FSC-A, SSC-A], centre: [1, 1], half_axes: [[2, 1], [1, 2]]}}
  - {name: large, parent: lymphocytes, gate: {kind: range, channel: FSC-A, low: 80000}}
cuts:
  - name: lymphoid
    of: root
    channel: FSC-A
    find: {kind: ellipse, y: SSC-A, y_window: [20000, 60000], level: 0.95, size: [0.05, 0.3], at_least: 300}
    window: [60000, 100000]
    sets: {lymphocytes: gate}
"""
CENTRE, COVARIANCE = (0.30, 0.14), ((0.0012, 0.0004), (0.0004, 0.0006))
TOP = 262144


def sample_of(n: int = 20_000, *, seed: int = 1, share: float = 0.5) -> Sample:
    """Return lymphocytes, monocytes and debris on scatter; `share` is that of the lymphocytes."""
    rng = np.random.default_rng(seed)
    parts = [
        rng.multivariate_normal(CENTRE, COVARIANCE, round(n * share)),
        rng.multivariate_normal((0.55, 0.45), ((0.004, 0.002), (0.002, 0.006)), round(n * (1 - share) * 0.7)),
        rng.multivariate_normal((0.08, 0.05), ((0.0006, 0), (0, 0.0003)), round(n * (1 - share) * 0.3)),
    ]
    points = np.concatenate(parts) * TOP
    rng.shuffle(points)
    return Sample.from_arrays({"FSC-A": points[:, 0], "SSC-A": points[:, 1]}, name="A")


def found_in(sample: Sample, old: str = "", new: str = "") -> Resolution:
    assert old in TEXT
    return resolve(parse_template(TEXT.replace(old, new) if old else TEXT), sample)


def ellipse_of(found: Resolution) -> Ellipse:
    answer = found["lymphoid"].answer
    assert isinstance(answer, Ellipse), answer
    return answer


class TestFound:
    sample = sample_of()

    def test_centre_shape_and_counts__are_those_simulated(self) -> None:
        answer = ellipse_of(found_in(self.sample))
        assert answer.centre == pytest.approx(CENTRE, abs=0.004)
        assert np.array(answer.covariance) == pytest.approx(np.array(COVARIANCE), rel=0.15)
        assert answer.place == pytest.approx([TOP * at for at in CENTRE], rel=0.02)
        assert answer.share == pytest.approx(0.5, abs=0.02)
        assert answer.quality > 100
        assert gate(self.sample, parse_template(TEXT)).counts["lymphocytes"] == pytest.approx(9500, rel=0.02)

    def test_template__holds_an_ordinary_ellipsoid(self) -> None:
        found = found_in(self.sample)
        round_gate = found.template.populations[0].gate
        assert isinstance(round_gate, Ellipsoid)
        assert round_gate.space == "display"
        assert not found.template.is_adaptive
        assert parse_template(found.template.to_yaml()) == found.template
        gating = gate(self.sample, parse_template(TEXT))
        assert dict(gating.counts) == dict(gate(self.sample, found.template).counts)
        answer = ellipse_of(found)
        x, y = (self.sample.values(name)[:, 0] / TOP for name in ("FSC-A", "SSC-A"))
        inside = int(np.count_nonzero(answer.distances(x, y) <= 1))
        assert gating.counts["lymphocytes"] == pytest.approx(inside, abs=1)

    def test_again__gives_the_same_bits_within_a_second(self) -> None:
        first = found_in(self.sample)
        start = time.process_time()
        second = found_in(self.sample)
        assert time.process_time() - start < 2.0  # 0.5 s on a quiet machine
        assert first.as_dict() == second.as_dict()
        assert first.template.sha256 == second.template.sha256
        other = resolve(parse_template(TEXT), self.sample, seed=5)
        assert ellipse_of(other).u != ellipse_of(first).u

    def test_windows_in_display_units__are_the_same(self) -> None:
        low, high, bottom, top = (end / TOP for end in (60000, 100000, 20000, 60000))
        text = TEXT.replace("[20000, 60000]", f"[{bottom!r}, {top!r}]")
        text = text.replace("window: [60000, 100000]", f"window: [{low!r}, {high!r}]\n    space: display")
        assert "space: display" in text
        shown = resolve(parse_template(text), self.sample)
        assert ellipse_of(shown).centre == pytest.approx(ellipse_of(found_in(self.sample)).centre)


class TestUncertainty:
    def test_outline__moves_between_new_tubes_as_far_as_the_bootstrap_says(self) -> None:
        tubes = [ellipse_of(found_in(sample_of(4000, seed=seed))) for seed in range(12)]
        said = np.sqrt(np.mean([tube.u**2 for tube in tubes]))
        moved = np.std([tube.half_axes[0] for tube in tubes], ddof=1) / np.mean(
            [t.half_axes[0] for t in tubes]
        )
        assert 0.5 * moved < said < 2.5 * moved
        se = np.mean([tube.se[0] for tube in tubes])
        assert se == pytest.approx(np.std([tube.centre[0] for tube in tubes], ddof=1), rel=0.6)

    def test_boundary__is_the_change_when_the_outline_grows(self) -> None:
        found = found_in(sample_of())
        (boundary,) = found.boundaries
        answer = ellipse_of(found)
        assert boundary.unit == "part of its size"
        assert boundary.u == answer.u == found["lymphoid"].u
        # a normal component: d(1 - exp(-d2 s^2 / 2)) / ds at s = 1
        expected = 10_000 * answer.distance_square * np.exp(-answer.distance_square / 2)
        assert boundary.events_per_unit["lymphocytes"] == pytest.approx(expected, rel=0.4)
        assert 0 < boundary.events_per_unit["large"] < boundary.events_per_unit["lymphocytes"]


class TestNoGate:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("window: [60000, 100000]", "window: [85000, 105000]", "outside its window"),
            ("[20000, 60000]", "[45000, 60000]", "outside its window"),
            ("size: [0.05, 0.3]", "size: [0.15, 0.3]", "longer half-axis"),
            ("size: [0.05, 0.3]", "size: [0.01, 0.05]", "longer half-axis"),
        ],
    )
    def test_breach__is_one_in_every_later_step(self, old: str, new: str, message: str) -> None:
        sample = sample_of()
        found = found_in(sample, old, new)
        assert found.missing["lymphoid"].reason == "outside-window"
        assert message in found.missing["lymphoid"].message
        assert [(f.code, f.severity) for f in found.findings] == [("cut-outside-window", "error")]
        gating = gate(sample, parse_template(TEXT.replace(old, new)))
        assert "lymphocytes" not in gating.counts
        assert "large" not in gating.counts

    def test_one_component__is_no_guess(self) -> None:
        assert found_in(sample_of(share=1.0)).missing["lymphoid"].reason == "one-peak"

    def test_too_few_events__are_said(self) -> None:
        assert found_in(sample_of(250)).missing["lymphoid"].reason == "too-few-events"
        few = found_in(sample_of(3000), "at_least: 300", "at_least: 2500")
        assert few.missing["lymphoid"].message == "no component has 2500 events"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("y: SSC-A,", "y: FSC-A,", "an ellipse sets an ellipsoid on FSC-A and FSC-A"),
        ("kind: ellipse, y: SSC-A,", "kind: ellipse,", "y"),
        ("y_window: [20000, 60000]", "y_window: [60000, 20000]", "from a lower to a higher"),
        ("sets: {lymphocytes: gate}", "sets: {large: low}", "one whole gate"),
        ("  SSC-A: {kind: linear, T: 262144}\n", "", "there is none for SSC-A|no scale"),
        ("    window: [", "    otherwise: {kind: valley}\n    window: [", "found in one way"),
        ("size: [0.05, 0.3]", "size: [0.3, 0.05]", "from a lower to a higher"),
    ],
)
def test_mistakes_of_a_document__are_named(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(TemplateError, match=message):
        parse_template(TEXT.replace(old, new))


def test_explain__shows_centre_size_and_quality(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "round.yaml").write_text(TEXT)
    write_fcs(tmp_path / "A.fcs", sample_of())
    ask = ["template", "explain", str(tmp_path / "round.yaml"), str(tmp_path / "A.fcs")]
    main(ask, standalone_mode=False)
    text = capsys.readouterr().out
    assert "ellipse of FSC-A and SSC-A in root" in text
    assert "ellipse round (" in text
    assert "95 % of a component that has" in text
    assert "SSC-A 20000 to 60000; longer half-axis 0.05 to 0.3 display units" in text
    main([*ask, "--json"], standalone_mode=False)
    (asked,) = json.loads(capsys.readouterr().out)["populations"]
    (cut,) = asked["cuts"]
    assert cut["method"] == "ellipse"
    assert cut["unit"] == "part of its size"
    assert cut["quality"] > 100
    assert len(cut["components"]) == 3
    assert cut["density_y"]["low"] != cut["density"]["low"]


class TestDrawn:
    def test_both_channels_and_the_plane__are_drawn_with_every_component(self) -> None:
        explained = gate(sample_of(), parse_template(TEXT)).explain("lymphocytes")
        first, second, both = explained.pictures
        assert (first.axis.label, second.axis.label) == ("FSC-A in root, tube", "SSC-A in root, tube")
        assert (first.at[0], second.at[0]) == pytest.approx(CENTRE, abs=0.004)
        assert second.window == pytest.approx((20000 / TOP, 60000 / TOP))
        assert [outline.kind for outline in both.outlines] == ["window", "aside", "gate", "aside"]
        assert both.counts.sum() == pytest.approx(20_000, rel=0.001)
        assert "component of" in explained.svgs()[2]
        text = str(explained)
        assert text.count("^") == 2
        assert "\n  SSC-A\n  |" in text
        assert any(trace.type == "heatmap" for trace in explained.figure().data)

    def test_outline__is_that_of_the_gate(self) -> None:
        answer = ellipse_of(found_in(sample_of()))
        assert answer.plane is not None
        (chosen,) = (each for each in answer.plane.components if each.centre == answer.centre)
        points = np.array(chosen.outline(answer.distance_square))
        assert answer.distances(points[:, 0], points[:, 1]) == pytest.approx(np.ones(len(points)))

    def test_no_gate__shows_what_there_is_and_no_gate(self) -> None:
        text = TEXT.replace("window: [60000, 100000]", "window: [85000, 105000]")
        explained = gate(sample_of(), parse_template(text)).explain("lymphocytes")
        first, _, both = explained.pictures
        assert first.at == ()
        assert [outline.kind for outline in both.outlines] == ["window", "aside", "aside", "aside"]
        assert both.title == "lymphoid: no gate, 3 components"
        assert "^" not in str(explained)
