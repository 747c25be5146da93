"""Template documents: what they say, what they refuse, and where."""

from __future__ import annotations

import pickle

import pytest

from nkflow.documents import json_schema
from nkflow.errors import GateError, ScaleError, TemplateError
from nkflow.gating import Population, Quadrant, Range, Template, load_template, parse_template, templates
from nkflow.gating.document import TemplateDocument
from nkflow.scales import Logicle

GOOD = """\
nkflow: template/1
name: example
version: "1.0"
reference: {instrument: Cytometer 3000, settings: {$P1V: 450}, set_on: 2026-01-05}
panel:
  CD3: {aliases: [UCHT1]}
  CD16: {required: false}
compensation: {policy: file}
scales:
  CD3: {kind: logicle, T: 262144, W: 0.5, M: 4.5}
populations:
  - {name: CD56+, gate: {kind: boolean, or: [NK, NKT-like]}}
  - name: cells
    gate: {kind: polygon, x: FSC-A, y: {channel: SSC-A, compensated: false}, vertices: [[0, 1], [2, 3], [4, 1.5e3]]}
    exclude: [beads]
  - {name: beads, gate: {kind: rectangle, bounds: {FSC-A: [1, null], SSC-A: [null, 4]}}}
  - parent: cells
    gate:
      kind: quadrant
      x: CD3
      x_cut: 900
      y: CD56
      y_cut: 1500
      names: {"-+": NK, "++": NKT-like, "+-": T, "--": other}
  - {name: CD16+, parent: NK, gate: {kind: range, channel: CD16, low: 300}}
"""


def test_template__says_what_its_document_says() -> None:
    template = parse_template(GOOD)
    assert (template.name, template.version) == ("example", "1.0")
    assert template.tree.keys == ("CD56+", "cells", "beads", "NK", "NKT-like", "T", "other", "CD16+")
    assert template.scales == {"CD3": Logicle(262144, 0.5, 4.5)}
    assert template.reference is not None
    assert template.reference.settings == {"$P1V": 450.0}
    assert template.panel["CD3"].aliases == ("UCHT1",)
    assert not template.panel["CD16"].required
    assert [node.path for node in template.tree.nodes][-1] == "cells/NK/CD16+"


def test_template__evaluates_forward_references_in_order() -> None:
    template = parse_template(GOOD)
    place = {template.tree.nodes[index].name: at for at, index in enumerate(template.tree.order)}
    assert place["beads"] < place["cells"] < place["NK"] < place["CD56+"]


def test_template__loads_back_equal_with_the_same_hash() -> None:
    template = parse_template(GOOD)
    again = parse_template(template.to_yaml())
    assert again == template
    assert again.sha256 == template.sha256
    assert pickle.loads(pickle.dumps(template)) == template


def test_sha256__ignores_comments_and_sees_every_number() -> None:
    template = parse_template(GOOD)
    assert parse_template("# a comment\n" + GOOD).sha256 == template.sha256
    assert parse_template(GOOD.replace("low: 300", "low: 300.0")).sha256 == template.sha256
    assert parse_template(GOOD.replace("low: 300", "low: 301")).sha256 != template.sha256


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ("policy: file", "polcy: file", "compensation.polcy", "unknown key"),
        ("policy: file", "policy: both", "compensation.policy", "file"),
        ("kind: rectangle", "kind: rectangel", "populations[2].gate", "rectangel"),
        ("exclude: [beads]", "exclude: [bedas]", "populations[1].exclude", "no population 'bedas'"),
        ("parent: NK,", "parent: NKK,", "populations[4].parent", "no population 'NKK'"),
        (
            "name: CD56+, gate",
            "name: CD56+, parent: CD16+, exclude: [CD56+], gate",
            "populations[0]",
            "the population 'CD56+' needs itself",
        ),
        ("name: beads", "name: cells", "populations[2].name", "twice"),
        ("low: 300", "low: .nan", "populations[4].gate.range.low", "finite"),
        ("low: 300", "low: '300'", "populations[4].gate.range.low", "number"),
        ("low: 300", "low: 300, high: 200", "populations[4].gate", "empty"),
        ("name: CD16+,", "", "populations[4]", "needs a name"),
        ("name: CD16+", "name: a/b", "populations[4].name", "match"),
        ("name: CD16+", "name: root", "populations[4]", "root"),
        ("[1, null]", "[1, null, 3]", "populations[2].gate", "most 2"),
        ("or: [NK, NKT-like]", "or: [NK]", "populations[0].gate", "at least 2"),
        ("or: [NK, NKT-like]", "or: [NK, {not: Tee}]", "populations[0].gate", "no population 'Tee'"),
        ("W: 0.5", "W: 5", "scales.CD3", "W"),
        ("template/1", "template/9", "nkflow", "template/1"),
    ],
)
def test_template__tells_line_and_path_of_a_mistake(old: str, new: str, path: str, words: str) -> None:
    line = GOOD[: GOOD.index(old)].count("\n") + 1
    with pytest.raises(TemplateError) as caught:
        parse_template(GOOD.replace(old, new), name="mine.yaml")
    found = [problem for problem in caught.value.problems if problem.path.startswith(path.split(".range")[0])]
    assert found, str(caught.value)
    assert abs((found[0].line or 0) - line) <= 1, str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "kind: rectangle",
            "kind: circle",
            "16: populations[2].gate: found kind: circle; expected one of 'range', 'rectangle', 'polygon', "
            "'ellipsoid', 'quadrant', 'boolean'. Say which kind it is.",
        ),
        (
            "kind: rectangle, ",
            "",
            "16: populations[2].gate: found no kind; expected a mapping that has 'kind'. Say which kind it is.",
        ),
        (
            "name: CD56+, gate",
            "name: CD56+, parent: CD56+, gate",
            "12: populations[0]: the population 'CD56+' needs itself",
        ),
        (
            "exclude: [beads]",
            "exclude: [CD16+]",
            "17: populations[3]: populations need each other in a circle: 'NK' needs 'cells', "
            "'cells' needs 'CD16+', 'CD16+' needs 'NK'",
        ),
        (
            "low: 300",
            "low: 300, high: 200",
            "25: populations[4].gate: CD16: the range is empty; found 300.0 to 200.0; expected low < high",
        ),
        (
            "parent: NK,",
            "parent: NKK,",
            "25: populations[4].parent: there is no population 'NKK'; "
            "there are CD16+, CD56+, NK, NKT-like, T, beads, cells, other",
        ),
        (
            "low: 300",
            "low: x",
            "25: populations[4].gate.low: found 'x'; expected a number. Write a value of that type.",
        ),
        (
            "policy: file",
            "policy: template",
            "8: compensation: a matrix stands in the template with policy: template, and only then",
        ),
        (
            "[1, null]",
            "[1, null, 3]",
            "16: populations[2].gate.bounds.FSC-A: the list should have at most 2 items, not 3. "
            "Add or take away entries.",
        ),
    ],
)
def test_template__says_a_mistake_in_a_sentence(old: str, new: str, sentence: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template(GOOD.replace(old, new), name="mine.yaml")
    assert f"mine.yaml:{sentence}" in [str(problem) for problem in caught.value.problems]
    assert "mistake" in str(caught.value)


def test_template__tells_all_mistakes_at_once() -> None:
    text = GOOD.replace("kind: rectangle", "kind: rectangel").replace("policy: file", "policy: both")
    with pytest.raises(TemplateError) as caught:
        parse_template(text.replace("low: 300", "low: x"))
    assert len(caught.value.problems) >= 3


def test_template__refuses_a_name_that_could_mean_two() -> None:
    text = GOOD + "  - {name: CD16+, parent: T, gate: {kind: range, channel: CD16, low: 300}}\n"
    template = parse_template(text)
    assert template.tree.keys[-2:] == ("cells/NK/CD16+", "cells/T/CD16+")
    below = "  - {name: x, parent: %s, gate: {kind: range, channel: CD3, low: 1}}\n"
    with pytest.raises(TemplateError, match="2 populations"):
        parse_template(text + below % "CD16+")
    assert parse_template(text + below % "T/CD16+").tree.nodes[-1].path == "cells/T/CD16+/x"


def test_template__limits_the_number_of_populations() -> None:
    ranges = [Range("A", low=k, name=f"p{k}") for k in range(512)]
    assert len(Template.of(*ranges).tree.nodes) == 512
    with pytest.raises(TemplateError, match="at most 512"):
        Template.of(*ranges, Range("A", low=0, name="more"))


def test_template__limits_depth() -> None:
    chain = [Range("A", low=k, name=f"p{k}", parent=f"p{k - 1}" if k else None) for k in range(80)]
    with pytest.raises(TemplateError, match="deeper"):
        Template.of(*chain)


def test_of__names_a_one_sided_range_and_asks_for_other_names() -> None:
    template = Template.of(
        Range("CD45", low=2000),
        Quadrant("CD3", 900, "CD56", 1500, names={"-+": "NK", "++": "NKT-like"}, parent="CD45+"),
        Range("7-AAD", high=3200, parent="CD45+"),
    )
    assert template.tree.keys == ("CD45+", "NK", "NKT-like", "7-AAD-")
    assert template.tree.nodes[1].path == "CD45+/NK"
    assert parse_template(template.to_yaml()) == template
    with pytest.raises(TemplateError, match="needs a name"):
        Template.of(Range("CD45", low=1, high=2))


def test_with_gate__changes_one_gate_and_nothing_else() -> None:
    template = parse_template(GOOD)
    changed = template.with_gate("NK", x_cut=950)
    assert changed.populations[3].gate.x_cut == (950.0,)
    assert changed.with_gate("T", x_cut=900) == template
    assert changed.sha256 != template.sha256
    assert template.with_gate("CD16+", gate=Range("CD16", low=5)).populations[4].gate == Range("CD16", low=5)


def test_with_gate__moves_the_cut_of_a_quadrant_with_one_divider_by_an_outcomes_end() -> None:
    template = load_template("nk_release_7aad")
    moved = template.with_gate("viable", high=3200)
    assert moved == template.with_gate("dead", low=3200) == template.with_gate("viable", x_cut=3200)
    assert moved != template
    with pytest.raises(GateError, match="open there"):
        template.with_gate("viable", low=3)
    with pytest.raises(GateError, match="no such field"):  # two dividers: which one is meant?
        template.with_gate("NK", low=3)


def test_with_gate__refuses_unknown_populations_fields_and_values() -> None:
    template = parse_template(GOOD)
    with pytest.raises(TemplateError, match="'CD17"):
        template.with_gate("CD17+", low=3)
    with pytest.raises(GateError, match="no such field"):
        template.with_gate("CD16+", lower=3)
    with pytest.raises(GateError, match="empty"):
        template.with_gate("CD16+", high=3)


def test_with_gate__passes_over_nothing_that_was_asked_for() -> None:
    template = parse_template(GOOD)
    for changes in ({"name": "CD16 bright"}, {"parent": "root"}):
        with pytest.raises(GateError, match="no such field"):
            template.with_gate("CD16+", **changes)
    for gate in (Range("CD16", low=5, name="CD16 bright"), Range("CD16", low=5, parent="root")):
        with pytest.raises(GateError, match="keeps its name and place"):
            template.with_gate("CD16+", gate=gate)
    with pytest.raises(GateError, match="no gate"):
        template.with_gate("CD16+", gate=5)
    own = Range("CD16", low=5, name="CD16+", parent=template.populations[4].parent)
    assert template.with_gate("CD16+", gate=own) == template.with_gate("CD16+", low=5, high=None)
    assert template.with_gate("CD16+", gate=own, low=7).populations[4].gate.low == 7


def test_template_of__says_what_is_no_gate_and_no_scale() -> None:
    with pytest.raises(GateError, match="neither a gate"):
        Template.of("CD45")
    with pytest.raises(ScaleError, match="no scale"):
        Template.of(Range("CD45", low=1), scales={"CD45": "logicle"})


def test_load_template__takes_a_path_or_a_shipped_name(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    assert load_template(path) == load_template(str(path)) == parse_template(GOOD)
    with pytest.raises(TemplateError, match="comes with nkflow"):
        load_template("no_such_template")
    with pytest.raises(TemplateError, match="can't be read"):
        load_template(tmp_path / "missing.yaml")
    for name in templates():
        assert load_template(name).name == name


def test_template__has_a_schema_for_editors() -> None:
    schema = json_schema(TemplateDocument)
    assert {"PolygonDocument", "QuadrantDocument", "LogicleDocument"} <= set(schema["$defs"])


def test_population__belongs_to_a_path() -> None:
    assert Population(Range("A", low=1), "p").names == ("p",)


def test_document__copied_with_another_field_forgets_what_was_built_of_the_old_one() -> None:
    document = load_template("nk_release_7aad").document
    entry = next(entry for entry in document.populations if entry.name == "cells")
    assert entry.gate is not None
    before, tree = entry.gate.gate(), document.tree
    moved = entry.gate.model_copy(update={"vertices": ((0.0, 0.0), (1e5, 0.0), (1e5, 1e5))})
    assert moved.gate() != before
    fewer = document.model_copy(update={"populations": document.populations[:1]})
    assert len(fewer.tree.nodes) < len(tree.nodes)
