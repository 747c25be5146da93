"""A template meets a sample: markers, matrix, state of the events, reference instrument."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError, GatingError, PanelError
from nkflow.fcs.sample import Sample
from nkflow.gating import Dimension, Polygon, Range, Template, explain, gate, parse_template
from nkflow.scales import Linear, Ratio

MATRIX = Spillover(("FITC-A", "PE-A"), [[1, 0.5], [0, 1]], source="file")


def sample(spillover: Spillover | None = MATRIX, *, prefix: str = "", **options) -> Sample:
    columns = {
        f"{prefix}FITC-A": [100.0, 0.0, 10.0],
        f"{prefix}PE-A": [60.0, 40.0, 0.0],
        "FSC-A": [1.0, 2.0, 3.0],
    }
    markers = {f"{prefix}FITC-A": "CD3 FITC", f"{prefix}PE-A": "CD56", "FSC-A": ""}
    return Sample.from_arrays(columns, markers=markers, spillover=spillover, name="tube", **options)


def policy(text: str, gate_text: str = "{kind: range, channel: CD56, low: 30}", more: str = "") -> Template:
    return parse_template(
        f"nkflow: template/1\nname: t\ncompensation: {{{text}}}\n{more}"
        f"populations:\n  - {{name: CD56+, gate: {gate_text}}}\n"
    )


def codes(gating) -> list[str]:
    return [finding.code for finding in gating.findings]


def test_matrix__of_the_file_is_used_by_its_names() -> None:
    assert gate(sample(), policy("policy: file")).mask("CD56+").tolist() == [False, True, False]
    assert gate(sample(), policy("policy: none")).mask("CD56+").tolist() == [True, True, False]
    swapped = Spillover(("PE-A", "FITC-A"), [[1, 0], [0.5, 1]])
    assert gate(sample(swapped), policy("policy: file")).mask("CD56+").tolist() == [False, True, False]


def test_matrix__given_goes_before_the_files_own_with_a_finding() -> None:
    other = Spillover(("FITC-A", "PE-A"), [[1, 0], [0, 1]])
    gating = gate(sample(), policy("policy: file"), spillover=other)
    assert gating.mask("CD56+").tolist() == [True, True, False]
    assert codes(gating) == ["matrix-given"]
    assert codes(gate(sample(), policy("policy: file"), spillover=MATRIX)) == []


@pytest.mark.parametrize(
    ("text", "given", "own", "code"),
    [
        ("policy: file", None, None, "matrix-missing"),
        ("policy: given", None, MATRIX, "matrix-missing"),
        ("policy: none", MATRIX, MATRIX, "matrix-not-wanted"),
        ("policy: file", Spillover(("APC-A", "PE-A"), np.eye(2)), MATRIX, "matrix-channels"),
        ("policy: file", Spillover(("FITC-A", "PE-A"), [[1, 1], [1, 1]]), MATRIX, "singular"),
    ],
)
def test_matrix__that_can_not_be_used_is_an_error(text: str, given, own, code: str) -> None:
    with pytest.raises(CompensationError) as caught:
        gate(sample(own), policy(text), spillover=given)
    assert caught.value.code == code


def test_matrix__of_dyes_that_no_channel_is_named_for_says_what_stays_uncompensated() -> None:
    dyes = Spillover(("fluorescein", "phycoerythrin"), [[1, 0.5], [0, 1]], ("FITC-A", "PE-A"))
    bare = gate(sample(None), policy("policy: given"), spillover=dyes)
    assert bare.mask("CD56+").tolist() == [True, True, False]
    assert [(f.code, f.severity) for f in bare.findings] == [("no-dye-for-detector", "warning")]
    assert "PE-A" in bare.findings[0].message
    by_dye = gate(
        sample(None),
        policy("policy: given", "{kind: range, channel: phycoerythrin, low: 30}"),
        spillover=dyes,
    )
    assert by_dye.mask("CD56+").tolist() == [False, True, False]
    assert codes(by_dye) == []
    plain = "{kind: range, channel: {channel: CD56, compensated: false}, low: 30}"
    assert codes(gate(sample(None), policy("policy: given", plain), spillover=dyes)) == []


@pytest.mark.parametrize("odd", ["FSC-A", "Time"])
def test_matrix__never_reaches_scatter_or_time(odd: str) -> None:
    # STANDARDS CO-02: listed with a row and a column of its own it stays as it is; otherwise the matrix is refused
    tube = Sample.from_arrays({"FITC-A": [100.0, 0.0], "PE-A": [60.0, 40.0], odd: [7.0, 9.0]}, name="tube")
    template = policy("policy: given", "{kind: range, channel: PE-A, low: 30}")
    names = ("FITC-A", "PE-A", odd)
    apart = Spillover(names, [[1, 0.5, 0], [0, 1, 0], [0, 0, 1]])
    gating = gate(tube, template, spillover=apart)
    assert gating.mask("CD56+").tolist() == [False, True]
    assert np.ravel(gating.values("root", odd)).tolist() == [7.0, 9.0]
    for row, column in ((0, 2), (2, 0)):
        mixed = apart.matrix.copy()
        mixed[row, column] = 0.01
        with pytest.raises(CompensationError, match="scatter or time") as caught:
            gate(tube, template, spillover=Spillover(names, mixed))
        assert (caught.value.code, caught.value.found) == ("matrix-channels", odd)
    with pytest.raises(CompensationError, match="scatter or time"):
        gate(tube, template, spillover=Spillover(("Alpha", "PE-A"), [[1, 0.5, 0.1], [0, 1, 0]], names))


def test_matrix__ill_conditioned_is_a_finding_with_its_number() -> None:
    # STANDARDS CO-06
    gating = gate(sample(Spillover(("FITC-A", "PE-A"), [[1, 0.9995], [1, 1]])), policy("policy: file"))
    assert [(f.code, f.severity) for f in gating.findings] == [("ill-conditioned", "warning")]
    assert "condition number is 8e+03" in gating.findings[0].message


def test_matrix__may_be_missing_where_the_template_says_so() -> None:
    gating = gate(sample(None), policy("policy: file-or-none"))
    assert gating.mask("CD56+").tolist() == [True, True, False]
    assert codes(gating) == ["matrix-missing"]


def test_matrix__of_the_template_may_name_its_dyes() -> None:
    matrix = "matrix: {dyes: [Alpha, Beta], detectors: [FITC-A, PE-A], rows: [[1, 0.5], [0, 1]]}"
    template = policy(f"policy: template, {matrix}", "{kind: range, channel: Beta, low: 30}")
    assert gate(sample(None), template).mask("CD56+").tolist() == [False, True, False]


def test_matrix__may_have_more_detectors_than_dyes() -> None:
    spectral = Spillover(("Alpha",), [[2.0, 1.0]], ("FITC-A", "PE-A"))
    gating = gate(
        sample(None), policy("policy: given", "{kind: range, channel: Alpha, low: 30}"), spillover=spectral
    )
    assert gating.mask("CD56+").tolist() == [True, False, False]
    np.testing.assert_allclose(gating.values("root", "Alpha")[:, 0], [52.0, 8.0, 4.0])


def test_state__compensated_events_are_not_compensated_again() -> None:
    matrix = Spillover(("Comp-FITC-A", "Comp-PE-A"), MATRIX.matrix)
    tube = sample(matrix, prefix="Comp-")
    with pytest.raises(CompensationError) as caught:
        gate(tube, policy("policy: file"))
    assert caught.value.code == "already-compensated"
    accepted = gate(tube, policy("policy: file, when_compensated: accept"))
    assert accepted.mask("CD56+").tolist() == [True, True, False]
    assert codes(accepted) == ["already-compensated"]
    again = gate(tube, policy("policy: file"), allow=("compensate-again",))
    assert again.mask("CD56+").tolist() == [False, True, False]
    assert codes(again) == ["compensated-again"]


def test_state__compensated_events_without_a_matrix_satisfy_a_template_that_accepts_them() -> None:
    tube = sample(None, prefix="Comp-")
    assert codes(gate(tube, policy("policy: file-or-none"))) == ["already-compensated"]
    assert codes(gate(tube, policy("policy: file, when_compensated: accept"))) == ["already-compensated"]
    with pytest.raises(CompensationError) as caught:
        gate(tube, policy("policy: file"))
    assert caught.value.code == "already-compensated"


def test_state__a_gate_may_insist_on_raw_or_on_compensated_values() -> None:
    raw = "{kind: range, channel: {channel: CD56, compensated: false}, low: 30}"
    assert gate(sample(), policy("policy: file", raw)).mask("CD56+").tolist() == [True, True, False]
    insists = "{kind: range, channel: {channel: CD56, compensated: true}, low: 30}"
    assert gate(sample(), policy("policy: file", insists)).mask("CD56+").tolist() == [False, True, False]
    for text in ("policy: none", "policy: file-or-none"):
        with pytest.raises(CompensationError) as caught:
            gate(sample(None), policy(text, insists))
        assert caught.value.code == "not-compensated"


def test_state__one_gate_may_mix_both() -> None:
    shape = Polygon(
        Dimension("CD56", compensated=False), Dimension("CD56"), [(0, 0), (70, 0), (70, 70), (0, 70)]
    )
    template = Template.of(type(shape)(shape.x, shape.y, shape.vertices, name="p"), compensation="file")
    assert gate(sample(), template).mask("p").tolist() == [True, True, False]  # PE: 60, 40, 0 and 10, 40, -5


def test_panel__finds_markers_by_token_and_alias_never_by_position() -> None:
    alias = "panel: {NCAM: {aliases: [CD56]}}\n"
    template = policy("policy: file", "{kind: range, channel: NCAM, low: 30}", alias)
    assert gate(sample(), template).counts["CD56+"] == 1
    with pytest.raises(PanelError, match=r"CD3 FITC"):
        gate(sample(), policy("policy: file", "{kind: range, channel: CD5, low: 30}"))


def test_panel__tells_all_missing_markers_at_once() -> None:
    with pytest.raises(PanelError) as caught:
        gate(sample(), policy("policy: file", more="panel: {CD14: {}, CD19: {}, CD3: {}}\n"))
    assert "CD14" in str(caught.value)
    assert "CD19" in str(caught.value)
    assert "FITC-A (CD3 FITC)" in str(caught.value)


def test_panel__an_optional_marker_makes_its_populations_not_evaluable() -> None:
    text = policy("policy: file", more="panel: {CD16: {required: false}}\n").to_yaml()
    text += "  - {name: CD16+, parent: CD56+, gate: {kind: range, channel: CD16, low: 1}}\n"
    text += "  - {name: bright, parent: CD16+, gate: {kind: range, channel: CD56, low: 99}}\n"
    text += "  - {name: either, gate: {kind: boolean, or: [CD16+, CD56+]}}\n"
    gating = gate(sample(), parse_template(text))
    assert list(gating.counts) == ["root", "CD56+"]
    assert "CD16+" not in gating.counts
    assert set(gating.as_dict()["not_evaluable"]) == {"CD56+/CD16+", "CD56+/CD16+/bright", "either"}
    assert gating.as_dict()["findings"][0]["code"] == "marker-absent"
    with pytest.raises(GatingError, match="no CD16"):
        gating.counts["CD16+"]
    with pytest.raises(GatingError, match="not evaluable"):
        gating.mask("either")
    row = gating.table().set_index("population").loc["CD16+"]
    assert row["count"] is None
    assert "no CD16" in row["note"]


REFERENCE = "reference: {instrument: Cytometer 3000, settings: {$P1V: 450, $CYTSN: A7}, set_on: 2026-01-05}\n"


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({"$CYT": "Cytometer 3000", "$P1V": "450.0", "$CYTSN": "A7"}, 0),
        ({"$CYT": "Other", "$P1V": "450", "$CYTSN": "A7"}, 1),
        ({"$CYT": "Cytometer 3000", "$P1V": "451", "$CYTSN": "A7"}, 1),
        ({}, 3),
    ],
)
def test_reference__another_instrument_or_setting_is_a_warning(
    keywords: dict[str, str], expected: int
) -> None:
    gating = gate(sample(keywords=keywords), policy("policy: file", more=REFERENCE))
    assert codes(gating) == ["template-reference"] * expected
    assert {finding.severity for finding in gating.findings} <= {"warning"}


def test_explain__prints_the_program_step_by_step() -> None:
    shape = (
        "{kind: range, channel: {channel: CD56, scale: {kind: linear, T: 100}}, low: 0.25, space: display}"
    )
    lines = explain(sample(), policy("policy: file", shape))
    assert lines[1] == "decode 2 of 3 channels: FITC-A, PE-A"
    assert lines[2] == "compensate PE-A from 2 detectors (file)"
    assert any(
        "CD56+ in root: CD56 (PE-A), compensated >= 25 (pulled back from 0.25" in line for line in lines
    )


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (
            "low: 0, high: 0.5",
            "< 50 (pulled back from 0.5 on {S}) (every finite value is at or above 0 on {S})",
        ),
        ("low: 0.2, high: 2", ">= 20 (pulled back from 0.2 on {S}) (every finite value is below 2 on {S})"),
        ("low: 0", "is finite (every finite value is at or above 0 on {S})"),
        ("low: 0, high: 2", "is finite (every finite value is at or above 0 and is below 2 on {S})"),
    ],
)
def test_explain__says_where_a_scale_ends_in_words(ends: str, words: str) -> None:
    scale = "{kind: linear, T: 100, bound_min: 0, bound_max: 1}"
    shape = f"{{kind: range, channel: {{channel: FSC-A, scale: {scale}}}, {ends}, space: display}}"
    (line,) = (line for line in explain(sample(), policy("policy: none", shape)) if "CD56+ in root" in line)
    assert line == "CD56+ in root: FSC-A " + words.format(S=Linear(100.0, bounds=(0.0, 1.0)))


@pytest.mark.parametrize(
    ("ends", "words"), [("low: 2", "is at or above 2 on "), ("low: -1, high: 0", "is below 0 on ")]
)
def test_explain__says_where_no_value_can_be_inside(ends: str, words: str) -> None:
    scale = "{kind: linear, T: 100, bound_min: 0, bound_max: 1}"
    shape = f"{{kind: range, channel: {{channel: FSC-A, scale: {scale}}}, {ends}, space: display}}"
    (line,) = (line for line in explain(sample(), policy("policy: none", shape)) if "CD56+ in root" in line)
    assert line.startswith(f"CD56+ in root: nothing, since no finite value of FSC-A {words}")
    assert gate(sample(), policy("policy: none", shape)).counts["CD56+"] == 0


def _both(policy_text: str = "file", channel: str = "CD56") -> Template:
    raw = Dimension(channel, compensated=False)
    gates = (Range(channel, low=30, name="as usual"), Range(raw, low=30, name="raw"))
    return Template.of(*gates, Polygon("FSC-A", raw, BOX, name="box"), compensation=policy_text)


BOX = [(0, 0), (70, 0), (70, 70), (0, 70)]


def test_labels__tell_uncompensated_values_from_those_of_the_same_channel() -> None:
    lines = explain(sample(), _both())
    assert "as usual in root: CD56 (PE-A), compensated >= 30" in lines
    assert "raw in root: CD56 (PE-A), uncompensated >= 30" in lines
    assert "root: histogram of CD56 (PE-A), uncompensated" in lines
    drawn = gate(sample(), _both())
    axes = [(h.x.label, h.y and h.y.label) for h in drawn.histograms]
    assert axes == [
        ("CD56 (PE-A)", None),
        ("CD56 (PE-A), uncompensated", None),
        ("FSC-A", "CD56 (PE-A), uncompensated"),
    ]
    figure = drawn.figure("raw").to_json()
    assert "CD56 (PE-A), uncompensated" in figure


@pytest.mark.parametrize(("policy_text", "channel"), [("none", "CD56"), ("file", "FSC-A")])
def test_labels__say_nothing_of_compensation_where_there_is_none(policy_text: str, channel: str) -> None:
    lines = explain(sample(), _both(policy_text, channel))
    assert not any("uncompensated" in line for line in lines)
    drawn = gate(sample(), _both(policy_text, channel))
    assert not any("compensated" in axis.label for h in drawn.histograms for axis in (h.x, h.y) if axis)


def test_labels__of_a_ratio_say_it_of_each_channel() -> None:
    per = Dimension("CD56", compensated=False, per="FITC-A", ratio=Ratio(1, 0, 0))
    usual = Dimension("CD56", per="FITC-A", ratio=Ratio(1, 0, 0))
    template = Template.of(Range(per, low=1, name="raw"), Range(usual, low=1, name="usual"))
    labels = [h.x.label for h in gate(sample(), template).histograms]
    raw = "CD56 (PE-A), uncompensated / FITC-A, uncompensated"
    assert labels[0] == raw
    assert "compensated" not in labels[1]


def test_explain__leaves_out_what_nobody_reads() -> None:
    lines = explain(sample(), Template.of(Range("FSC-A", low=2, name="big")))
    assert lines[1] == "decode 1 of 3 channels: FSC-A"
    assert not any("compensate" in line for line in lines)
