"""Gating-ML out: valid by its schema, read back event for event by us and by FlowKit."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import OutputError, TemplateError
from nkflow.exchange import read_gatingml, write_gatingml
from nkflow.exchange.gatingml_gates_out import quadrant_location
from nkflow.exchange.gatingml_names import identifier
from nkflow.fcs import Sample, read_fcs
from nkflow.gating import Ellipsoid, Polygon, Quadrant, Range, Rectangle, gate, load_template, parse_template
from nkflow.gating.gates import Dimension, Divider
from nkflow.gating.template import Population, Template
from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle, Ratio

RNG = np.random.default_rng(6)
EVENTS = np.column_stack([RNG.uniform(0, 1000, (3000, 2)), RNG.normal(200, 150, (3000, 2))])
SAMPLE = Sample.from_arrays(EVENTS, ["X", "Y", "A-1", "B 2"], markers=["", "", "CD3", "CD56"], name="tube")
D = Dimension


def same(template: Template, again: Template, sample: Sample = SAMPLE) -> None:
    first, second = gate(sample, template), gate(sample, again)
    assert set(template.tree.keys) <= set(again.tree.keys)
    for key in template.tree.keys:
        np.testing.assert_array_equal(first.mask(key), second.mask(key), err_msg=key)


@pytest.mark.parametrize("bound", [False, True])
@pytest.mark.parametrize(
    "scale",
    [
        Linear(1000, 10),
        Log(1000, 3),
        Log(1000, 3, bounds=(0.0, 0.9)),
        Arcsinh(1000, 3, 1),
        ArcsinhCofactor(30),
        ArcsinhCofactor(30, bounds=(-1.0, 4.0)),
        Logicle(1000, 0.5, 4, 0.5),
        Hyperlog(1000, 0.5, 4),
        None,
    ],
    ids=str,
)
def test_write_gatingml__keeps_every_shape_on_every_scale(tmp_path: Path, scale, bound: bool) -> None:
    x, y = D("X", scale), D("CD56", scale)
    corners = [(100, 100), (800, 150), (500, 600)]
    display = [
        tuple(map(float, np.array(c) if scale is None else scale.forward(np.array(c)))) for c in corners
    ]
    gates = [
        Population(Range(x, 50, 700), "range"),
        Population(Range(x, display[0][0], space="display"), "shown range"),
        Population(Rectangle(((x, None, 600), (D("Y"), 100, None))), "box", "range"),
        Population(Polygon(x, y, corners), "p"),
        Population(Polygon(x, y, display, space="display"), "shown p", "range"),
        Population(Ellipsoid([x, y], (300, 200), [(500, 200), (300, 400)]), "e"),
        Population(
            Quadrant(x, [200, 500], y, 150, {"-*-": "low", "1+*": "mid", "+++": "high"}, [Divider("Y", 500)])
        ),
        Population(Range("Y", high=400), "child", "mid"),
    ]
    template = Template.of(*gates, compensation="none")
    path = write_gatingml(tmp_path / "t.xml", template, sample=SAMPLE if bound else None)
    same(template, read_gatingml(path))


def test_write_gatingml__keeps_ratios_matrices_and_policies(tmp_path: Path) -> None:
    ratio = D("X", Linear(4.0), per="Y", ratio=Ratio(2, 1, -5, bounds=(0.1, 3.0)))
    matrix = Spillover(("A-1", "B 2"), np.array([[1.0, 0.3], [0.1, 1.0]]))
    sample = Sample.from_arrays(EVENTS, ["X", "Y", "A-1", "B 2"], spillover=matrix, name="tube")
    gates = [Population(Range(ratio, 0.5, 2), "ratio"), Population(Range("A-1", low=150), "dye")]
    gates.append(Population(Range(D("A-1", compensated=False), low=150), "raw"))
    for policy in ("file", "file-or-none", "none"):
        template = Template.of(*gates, compensation=policy)
        for bound in (None, sample):
            path = write_gatingml(tmp_path / "t.xml", template, sample=bound, force=True)
            same(template, read_gatingml(path), sample)
    given = Template.of(*gates, compensation="given")
    with pytest.raises(TemplateError, match="matrix to be given"):
        write_gatingml(tmp_path / "given.xml", given)
    path = write_gatingml(tmp_path / "given.xml", given, sample=sample, spillover=matrix)
    written = gate(sample, read_gatingml(path))
    np.testing.assert_array_equal(written.mask("dye"), gate(sample, given, spillover=matrix).mask("dye"))


def test_write_gatingml__unmixing_matrices_are_kept_with_their_dyes(tmp_path: Path) -> None:
    spectra = [[1.0, 0.5, 0.1], [0.2, 1.0, 0.6]]
    text = (
        Template.of(Range("PE", low=20), name="u")
        .to_yaml()
        .replace(
            "policy: file-or-none",
            f"policy: template\n  matrix: {{dyes: [FITC, PE], detectors: [X, Y, A-1], rows: {spectra}}}",
        )
    )
    template = parse_template(text)
    same(template, read_gatingml(write_gatingml(tmp_path / "u.xml", template)))


def test_write_gatingml__is_valid_and_gives_flowkit_the_same_counts(tmp_path: Path, project: Path) -> None:
    path = project / "sample_fcs" / "A.fcs"
    sample, template = read_fcs(path), load_template("nk_release_7aad")
    gating = gate(sample, template)
    written = read_gatingml(write_gatingml(tmp_path / "t.xml", template, sample=sample))
    same(template, written, sample)
    assert "CD45_x002B_" in written.ids.values()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import flowkit

        strategy = flowkit.parse_gating_xml(str(tmp_path / "t.xml"))  # refuses what the schema refuses
        result = strategy.gate_sample(flowkit.Sample(path))
    for node in template.tree.nodes:
        assert result.get_gate_count(written.ids[node.path]) == gating.counts[node.path]


def test_write_gatingml__keeps_names_that_are_no_ids(tmp_path: Path) -> None:
    gates = [
        Population(Range("X", low=500), "CD45+"),
        Population(Range("X", high=500), "CD45 dim"),
        Population(Range("Y", low=500), "T", "CD45+"),
        Population(Range("Y", low=300), "T", "CD45 dim"),
        Population(Range("Y", low=100), "7-AAD-", "CD45+/T"),
    ]
    template = Template.of(*gates, compensation="none")
    again = read_gatingml(write_gatingml(tmp_path / "t.xml", template))
    assert again.tree.keys == template.tree.keys
    same(template, again)
    (tmp_path / "second").mkdir()
    twice = read_gatingml(write_gatingml(tmp_path / "second" / "t.xml", again))
    assert twice == again
    assert hash(twice) == hash(again)


def test_write_gatingml__puts_custom_info_back(tmp_path: Path) -> None:
    # GM-15
    template = Template.of(Range("X", low=500, name="a"), Range("Y", low=500, name="b"), compensation="none")
    path = write_gatingml(tmp_path / "t.xml", template)
    info = '<data-type:custom_info><show xmlns="urn:x" colour="r&amp;d">plot 1<deep/></show></data-type:custom_info>'
    text = path.read_text().replace('gating:id="b">', f'gating:id="b">{info}')
    text = text.replace("<gating:RectangleGate", f"{info.replace('plot 1', 'whole')}<gating:RectangleGate", 1)
    path.write_text(text)
    read = read_gatingml(path)
    assert list(read.custom_info) == [-1, 1]
    written = write_gatingml(tmp_path / "again.xml", read).read_text()
    assert written.count("r&amp;d") == 2
    assert "plot 1<deep/>" in written.replace("\n", "")
    assert read_gatingml(tmp_path / "again.xml").custom_info == read.custom_info


def test_write_gatingml__names_every_gate_it_can_not_hold(tmp_path: Path) -> None:
    biex = D("X", Biex())
    gates = [
        Population(Polygon(biex, "Y", [(100, 1), (900, 2), (200, 500)]), "p"),
        Population(Range("Y", low=1), "child", "p"),
        Population(Range(biex, low=800, space="display"), "range"),
    ]
    template = Template.of(*gates, compensation="none")
    with pytest.raises(TemplateError, match="biex") as problem:
        write_gatingml(tmp_path / "t.xml", template)
    assert [found.path for found in problem.value.problems] == ["p", "child"]
    assert not (tmp_path / "t.xml").exists()
    alone = Template.of(gates[2], compensation="none")
    same(alone, read_gatingml(write_gatingml(tmp_path / "t.xml", alone)))


def test_write_gatingml__replaces_nothing_unasked(tmp_path: Path) -> None:
    template = Template.of(Range("X", low=500, name="a"), compensation="none")
    write_gatingml(tmp_path / "t.xml", template)
    with pytest.raises(OutputError, match="exists"):
        write_gatingml(tmp_path / "t.xml", template)
    write_gatingml(tmp_path / "t.xml", template, force=True)
    with pytest.raises(OutputError):
        write_gatingml(tmp_path / "no" / "folder.xml", template)


CYTOBANK = """<g:Gating-ML xmlns:g="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
  xmlns:d="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">
<d:custom_info><cytobank><about>Cytobank</about></cytobank></d:custom_info>
<g:RectangleGate g:id="Gate_1_x"><d:custom_info><cytobank><name>cells</name><fcs_file_filename/></cytobank>
</d:custom_info><g:dimension g:compensation-ref="FCS" g:min="200"><d:fcs-dimension d:name="X"/></g:dimension>
</g:RectangleGate>
<g:RectangleGate g:id="Gate_2_y"><d:custom_info><cytobank><name>CD3/CD4 high</name>
<fcs_file_filename>one.fcs</fcs_file_filename></cytobank></d:custom_info>
<g:dimension g:compensation-ref="FCS" g:min="400"><d:fcs-dimension d:name="Y"/></g:dimension></g:RectangleGate>
<g:BooleanGate g:id="GateSet_1"><d:custom_info><cytobank><name>cells</name></cytobank></d:custom_info>
<g:and><g:gateReference g:ref="Gate_1_x"/><g:gateReference g:ref="Gate_1_x"/></g:and></g:BooleanGate>
<g:BooleanGate g:id="GateSet_2"><d:custom_info><cytobank><name>high cells</name></cytobank></d:custom_info>
<g:and><g:gateReference g:ref="Gate_1_x"/><g:gateReference g:ref="Gate_2_y"/></g:and></g:BooleanGate>
</g:Gating-ML>"""


def test_read_gatingml__takes_the_names_that_cytobank_writes_beside_ids(tmp_path: Path) -> None:
    # GM-16
    path = tmp_path / "CytExp.xml"
    path.write_text(CYTOBANK)
    template = read_gatingml(path)
    gating = gate(SAMPLE, template)
    assert list(gating.counts) == ["root", "Gate_1_x", "CD3_CD4 high", "cells", "high cells"]
    inside = (EVENTS[:, 0] >= 200) & (EVENTS[:, 1] >= 400)
    np.testing.assert_array_equal(gating.mask("high cells"), inside)
    assert [finding.code for finding in template.findings] == ["tailored-gate"]
    assert "one.fcs" in template.findings[0].message
    written = write_gatingml(tmp_path / "again.xml", template).read_text()
    assert written.count("<cytobank>") == 5
    assert 'gating:id="GateSet_2"' in written


def tailored(id_: str, low: float, file: str) -> str:
    return (
        f'<g:RectangleGate g:id="{id_}"><d:custom_info><cytobank><name>cells</name><gate_id>1</gate_id><tailored>true'
        f"</tailored><fcs_file_filename>{file}</fcs_file_filename></cytobank></d:custom_info>"
        f'<g:dimension g:compensation-ref="FCS" g:min="{low}"><d:fcs-dimension d:name="X"/></g:dimension>'
        "</g:RectangleGate>"
    )


@pytest.mark.parametrize(("file", "low"), [("", 200), ("one.fcs", 300), ("two.fcs", 400), ("other.fcs", 200)])
def test_read_gatingml__takes_the_gate_that_cytobank_tailored_for_a_file(
    tmp_path: Path, file: str, low: float
) -> None:
    head = CYTOBANK[: CYTOBANK.index("<g:RectangleGate")]
    gates = (
        tailored("G_base", 200, "") + tailored("G_one", 300, "one.fcs") + tailored("G_two", 400, "two.fcs")
    )
    both = (
        '<g:BooleanGate g:id="S" g:parent_id="G_one"><g:or><g:gateReference g:ref="G_two"/>'
        '<g:gateReference g:ref="G_base"/></g:or></g:BooleanGate>'
    )
    path = tmp_path / "CytExp.xml"
    path.write_text(f"{head}{gates}{both}</g:Gating-ML>")
    template = read_gatingml(path, file=file)
    gating = gate(SAMPLE, template)
    for name in ("cells", "S"):
        np.testing.assert_array_equal(gating.mask(name), EVENTS[:, 0] >= low)
    assert len(template.tree.nodes) == 2
    assert [finding.code for finding in template.findings] == ["tailored-gate"] * 2


def test_identifier__is_an_xml_name_and_its_own() -> None:
    taken: set[str] = set()
    made = [identifier(name, taken) for name in ("NK", "NK", "CD45+", "7-AAD", "a/b", "-", "", "ß x")]
    assert made == ["NK", "NK.2", "CD45_x002B_", "_7-AAD", "a_x002F_b", "_-", "_", "_x00DF__x0020_x"]


@pytest.mark.parametrize(
    ("sign", "inside"), [("-", (-np.inf, -5)), ("1", (-5, 0)), ("2", (0, 7)), ("+", (7, np.inf))]
)
def test_quadrant_location__lies_inside_its_interval(sign: str, inside: tuple[float, float]) -> None:
    assert inside[0] <= quadrant_location(sign, [-5.0, 0.0, 7.0]) < inside[1]
