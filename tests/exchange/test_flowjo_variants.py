"""FlowJo workspaces of other kinds than the reference ones, written here; FlowKit is asked where it can."""

from __future__ import annotations

import random
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import TemplateError
from nkflow.exchange import compare_counts, read_flowjo
from nkflow.fcs import Sample, read_fcs, write_fcs
from nkflow.gating import gate

N = 6000
NS = (
    'xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating" '
    'xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations" '
    'xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes"'
)
SPILL = np.array([[1.0, 0.2], [0.05, 1.0]])
NAMES = ["FSC-A", "SSC-A", "B1/A", "R1-A", "Time"]


@pytest.fixture(scope="module")
def tube(tmp_path_factory) -> Path:
    rng = np.random.default_rng(21)
    dyes = np.exp(rng.normal([6.0, 7.0], 1.2, (N, 2))) - 100
    values = np.column_stack([rng.uniform(-4e3, 27e4, (N, 2)), dyes @ SPILL, np.arange(N) * 0.05])
    sample = Sample.from_arrays(
        values.astype(np.float32), NAMES, spillover=Spillover(("B1/A", "R1-A"), SPILL), name="tube"
    )
    return write_fcs(tmp_path_factory.mktemp("tube") / "tube one.fcs", sample)


@pytest.fixture(scope="module")
def values(tube) -> np.ndarray:
    return read_fcs(tube).values()


@pytest.fixture(scope="module")
def true(values) -> np.ndarray:
    return values[:, 2:4] @ np.linalg.inv(SPILL)


LINEAR = '<transforms:linear transforms:minRange="0" transforms:maxRange="262144" gain="1">'
LOGICLE = '<transforms:logicle transforms:length="256" transforms:T="262144" transforms:A="0" transforms:W="0.8" transforms:M="4.5">'  # noqa: E501
BIEX = '<transforms:biex transforms:length="256" transforms:maxRange="262144" transforms:neg="0" transforms:width="-100" transforms:pos="4.418539922">'  # noqa: E501
FASINH = '<transforms:fasinh transforms:length="256" transforms:maxRange="262144" transforms:T="262144" transforms:A="1" transforms:M="4.4" transforms:W="0">'  # noqa: E501
LOG = '<transforms:log transforms:offset="5" transforms:decades="5">'
HYPERLOG = LOGICLE.replace("logicle", "hyperlog")
MILTENYI = '<transforms:miltenyi transforms:length="256" transforms:maxRange="262144">'


def transformation(node: str, *names: str) -> str:
    tag = node[1:].split()[0]
    return "".join(f'{node}<data-type:parameter data-type:name="{name}"/></{tag}>' for name in names)


def axes(dyes: str, time: str = LINEAR) -> str:
    more = transformation(dyes, "B1_A", "R1-A", "Comp-B1_A", "Comp-R1-A")
    return transformation(LINEAR, "FSC-A", "SSC-A") + more + transformation(time, "Time")


def matrix(prefix: str = "Comp-", suffix: str = "", more: str = 'spectral="0"', rows=None) -> str:
    names = ["B1_A", "R1-A"]
    spills = "".join(
        f'<transforms:spillover data-type:parameter="{row}">'
        + "".join(
            f'<transforms:coefficient data-type:parameter="{name}" transforms:value="{value}"/>'
            for name, value in zip(names, found, strict=True)
        )
        + "</transforms:spillover>"
        for row, found in zip(names, SPILL if rows is None else rows, strict=True)
    )
    listed = "".join(f'<data-type:parameter data-type:name="{name}"/>' for name in names)
    return (
        f'<transforms:spilloverMatrix {more} prefix="{prefix}" suffix="{suffix}" name="M">'
        f"<data-type:parameters>{listed}</data-type:parameters>{spills}</transforms:spilloverMatrix>"
    )


def side(name: str, low=None, high=None, tag: str = "fcs-dimension") -> str:
    ends = "".join(f' gating:{k}="{v}"' for k, v in (("min", low), ("max", high)) if v is not None)
    return f'<gating:dimension{ends}><data-type:{tag} data-type:name="{name}"/></gating:dimension>'


def points(*vertices) -> str:
    return "".join(
        "<gating:vertex>"
        + "".join(f'<gating:coordinate data-type:value="{value}"/>' for value in vertex)
        + "</gating:vertex>"
        for vertex in vertices
    )


def rectangle(*sides: str, inside: str = "1") -> str:
    return f'<gating:RectangleGate eventsInside="{inside}">{"".join(sides)}</gating:RectangleGate>'


def polygon(x: str, y: str, *vertices, inside: str = "1") -> str:
    return f'<gating:PolygonGate eventsInside="{inside}">{side(x)}{side(y)}{points(*vertices)}</gating:PolygonGate>'


def ellipse(x: str, y: str, foci, edge, inside: str = "1") -> str:
    inner = f"<gating:foci>{points(*foci)}</gating:foci><gating:edge>{points(*edge)}</gating:edge>"
    return f'<gating:EllipsoidGate eventsInside="{inside}">{side(x)}{side(y)}{inner}</gating:EllipsoidGate>'


def population(name: str, shape: str, *below: str, count: str = "-1", owner: str = "") -> str:
    under = f"<Subpopulations>{''.join(below)}</Subpopulations>" if below else ""
    return (
        f'<Population name="{name}" owningGroup="{owner}" count="{count}"><Graph/><Gate gating:id="ID1">{shape}</Gate>'
        f"{under}</Population>"
    )


def node(tag: str, name: str, *of: str, below: str = "") -> str:
    listed = "".join(f'<Dependent name="{dependent}"/>' for dependent in of)
    under = f"<Subpopulations>{below}</Subpopulations>" if below else ""
    return f'<{tag} name="{name}" owningGroup="" count="-1"><Graph/><Dependents>{listed}</Dependents>{under}</{tag}>'


KEYWORDS = "".join(f'<Keyword name="$P{k}N" value="{name}"/>' for k, name in enumerate(NAMES, 1))
KEYWORDS += f'<Keyword name="$TIMESTEP" value="0.05"/><Keyword name="$TOT" value="{N}"/>'


def sample(transformations: str, *populations: str, **more: str) -> str:
    name, id_ = more.get("name", "tube one.fcs"), more.get("id", "1")
    uri = more.get("uri", "file:/C:/data/tube%20one.fcs")
    under = f"<Subpopulations>{''.join(populations)}</Subpopulations>" if populations else ""
    return (
        f'<Sample><DataSet uri="{uri}" sampleID="{id_}"/>{more.get("matrix", matrix())}'
        f"<Transformations>{transformations}</Transformations><Keywords>{more.get('keywords', KEYWORDS)}</Keywords>"
        f'{more.get("extra", "")}<SampleNode name="{name}" owningGroup="" count="{N}" sampleID="{id_}">{under}'
        "</SampleNode></Sample>"
    )


def workspace(path: Path, *samples: str, version: str = "10.8.1", groups: str = "") -> Path:
    listed = "".join(f'<SampleRef sampleID="{k}"/>' for k in range(1, len(samples) + 1))
    everything = f'<GroupNode name="All Samples"><Group name="All Samples"><SampleRefs>{listed}</SampleRefs></Group></GroupNode>'  # noqa: E501
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><Workspace version="20.0" flowJoVersion="{version}" {NS}>'
        f"<Matrices/><Groups>{everything}{groups}</Groups><SampleList>{''.join(samples)}</SampleList></Workspace>"
    )
    return path


def flowkits(path: Path, tube: Path) -> dict[str, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import flowkit

        loaded = flowkit.Sample(str(tube), sample_id="tube one.fcs", use_flowjo_labels=True)
        session = flowkit.Workspace(str(path), fcs_samples=[loaded])
        session.analyze_samples(sample_id="tube one.fcs", use_mp=False)
        found = {}
        for name, above in session.get_gate_ids("tube one.fcs"):
            mask = session.get_gate_membership("tube one.fcs", name, above)
            found["/".join((*above[1:], name))] = mask
    return found


TREE = [
    population(
        "Cells: all, of them",
        polygon("FSC-A", "SSC-A", (2e4, 1e4), (19e4, 3e4), (15e4, 19e4), (3e4, 15e4)),
        population("Q1: B- , R+", rectangle(side("Comp-B1_A", high=500), side("Comp-R1-A", low=1500))),
        population("Q2: B+ , R+", rectangle(side("Comp-B1_A", low=500), side("Comp-R1-A", low=1500))),
        population("outline", polygon("Comp-B1_A", "Comp-R1-A", (60, 200), (300, 100), (900, 4000), (70, 20000))),
        population(
            "not in it",
            polygon("Comp-B1_A", "Comp-R1-A", (60, 200), (300, 100), (900, 4000), (70, 20000), inside="0"),
        ),
        node("AndNode", "both", "Cells: all, of them/Q1: B- , R+", "Cells: all, of them/outline"),
        node("OrNode", "either", "Cells: all, of them/Q1: B- , R+", "Cells: all, of them/Q2: B+ , R+",
             below=population("late", rectangle(side("Time", low=150)))),
        node("NotNode", "neither", "Cells: all, of them/either"),
    ),
    population("late", rectangle(side("Time", low=200.0))),
    population("early", rectangle(side("Time", high=200.0), inside="0")),
    population("tilted", ellipse("Comp-B1_A", "Comp-R1-A", [(90, 150), (150, 190)], [(80, 143), (160, 197), (110, 185), (130, 155)])),  # noqa: E501
]  # fmt: skip


KINDS = {"10.0.7": LOGICLE, "10.4.2": BIEX, "10.10.0": FASINH, "11.0.1": LOG}


@pytest.mark.parametrize("version", KINDS)
def test_read_flowjo__agrees_with_flowkit_event_for_event(tube, tmp_path, version: str) -> None:
    path = workspace(tmp_path / "w.wsp", sample(axes(KINDS[version]), *TREE), version=version)
    gating = gate(read_fcs(tube), read_flowjo(path)["tube one.fcs"])
    theirs = flowkits(path, tube)
    assert len(theirs) == 12
    for name, mask in theirs.items():
        allowed = 12 if name == "tilted" else 0  # FlowKit's ellipse has 128 corners
        assert np.count_nonzero(gating.mask(name) != mask) <= allowed, name
        assert 30 < mask.sum() < N - 30, name


def test_read_flowjo__takes_names_from_mac_windows_and_unc_addresses(tube, tmp_path) -> None:
    gates = [population("a", rectangle(side("FSC-A", low=1e5)))]
    found = read_flowjo(
        workspace(
            tmp_path / "w.wsp",
            sample(axes(LOGICLE), *gates, name="Specimen 1", id="1", uri="file:/C:/Users/x/tube%20one.fcs"),
            sample(axes(LOGICLE), *gates, name="b", id="2", uri="file:///Users/x/%C3%A4%20b.fcs"),
            sample(axes(LOGICLE), *gates, name="c", id="3", uri="file:\\\\host\\share\\c%231.fcs"),
            sample(axes(LOGICLE), name="empty.fcs", id="4"),
            groups='<GroupNode name="G"><Group name="G"><SampleRefs><SampleRef sampleID="2"/><SampleRef sampleID="9"/>'
            "</SampleRefs></Group></GroupNode>",
        )
    )
    assert list(found) == ["Specimen 1", "b", "c"]
    for name, alias in (("Specimen 1", "tube one.fcs"), ("b", "ä b.fcs"), ("c", "c#1.fcs")):
        assert found[alias] == found[name]
    assert found.groups["G"] == ("b",)
    assert [f.code for f in found.findings] == ["sample-without-gates"]
    assert found.of(read_fcs(tube)) is found["Specimen 1"]
    with pytest.raises(TemplateError, match="no sample"):
        found.of(Sample.from_arrays(np.ones((2, 1)), ["X"], name="other"))


def test_read_flowjo__keeps_counts_that_flowjo_made_and_no_others(tube, tmp_path) -> None:
    # WS-08, WS-09: -1 is no count; populations of one name under two parents have their own
    below = population("p", rectangle(side("SSC-A", low=1e5)), count="3")
    gates = [
        population("a", rectangle(side("FSC-A", low=1e5)), below, count="20"),
        population("b", rectangle(side("FSC-A", high=1e5)), below.replace('"3"', '"-1"'), count="0"),
    ]
    template = read_flowjo(workspace(tmp_path / "w.wsp", sample(axes(LOGICLE), *gates)))["tube one.fcs"]
    assert dict(template.stored_counts) == {"a": 20, "a/p": 3, "b": 0}
    gating = gate(read_fcs(tube), template)
    rows = {row.population: row for row in compare_counts(read_fcs(tube), template).rows}
    assert rows["b/p"].verdict == "no count"
    assert rows["b/p"].theirs is None
    assert rows["a/p"].theirs == 3
    assert gating.frequency("a/p").value == gating.counts["a/p"] / gating.counts["a"]


def test_workspace__tells_samples_of_one_name_apart_by_their_events(tube, tmp_path) -> None:
    # WS-10
    few = KEYWORDS.replace(f'"{N}"', '"17"')
    samples = [
        sample(axes(LOGICLE), population(name, rectangle(side("FSC-A", low=1e5))), id=id_, keywords=keywords)
        for id_, name, keywords in (("1", "other", few), ("2", "mine", KEYWORDS))
    ]
    found = read_flowjo(workspace(tmp_path / "w.wsp", *samples))
    assert list(found) == ["tube one.fcs", "tube one.fcs (sample 2)"]
    assert found.of(read_fcs(tube)).tree.keys == ("mine",)
    alone = read_flowjo(workspace(tmp_path / "w.wsp", samples[0])).of(read_fcs(tube))
    assert alone.tree.keys == ("other",)
    assert [(f.code, f.severity) for f in alone.findings] == [("other-total", "warning")]
    assert "17 events" in alone.findings[0].message


def test_read_flowjo__says_where_flowjo_takes_another_width(tube, tmp_path) -> None:
    # TR-17: a widthBasis of -1 is no decade wide; FlowJo takes half a decade
    outline = polygon("Comp-B1_A", "Comp-R1-A", (60, 200), (300, 100), (900, 4000), (70, 20000))
    for width, clamped in (("-1", ["B1/A", "R1-A"]), ("-100", [])):
        axis = BIEX.replace('width="-100"', f'width="{width}"')
        path = workspace(
            tmp_path / "w.wsp", sample(axes(axis), population("p", outline), population("q", outline))
        )
        template = read_flowjo(path)["tube one.fcs"]
        assert [f.where for f in template.findings if f.code == "width-clamped"] == clamped


def test_read_flowjo__keeps_gates_that_differ_from_sample_to_sample(tmp_path) -> None:
    low = [population("a", rectangle(side("FSC-A", low=1e5)), owner="G")]
    high = [population("a", rectangle(side("FSC-A", low=2e5)), owner="")]
    path = workspace(
        tmp_path / "w.wsp",
        sample(axes(LOGICLE), *low, name="a.fcs", id="1", uri="file:/a.fcs"),
        sample(axes(LOGICLE), *high, name="b.fcs", id="2", uri="file:/b.fcs"),
    )
    lows = {name: found.populations[0].gate.low for name, found in read_flowjo(path).items()}
    assert lows == {"a.fcs": 1e5, "b.fcs": 2e5}


def test_read_flowjo__tells_raw_from_compensated_by_a_literal_prefix_and_suffix(
    tube, tmp_path, values, true
) -> None:
    for prefix, suffix in (("Comp-", ""), ("(.*)", "$"), ("", "::c")):
        gates = [
            population("raw", rectangle(side("B1_A", low=500))),
            population("true", rectangle(side(f"{prefix}B1_A{suffix}", low=500))),
        ]
        path = workspace(tmp_path / "w.wsp", sample(axes(LOGICLE), *gates, matrix=matrix(prefix, suffix)))
        gating = gate(read_fcs(tube), read_flowjo(path)["tube one.fcs"])
        np.testing.assert_array_equal(gating.mask("raw"), values[:, 2] >= 500)
        np.testing.assert_array_equal(gating.mask("true"), true[:, 0] >= 500)
        assert gating.counts["raw"] != gating.counts["true"]


def test_read_flowjo__extends_what_touches_the_end_of_an_axis(tube, tmp_path, values) -> None:
    gates = [
        population("box", rectangle(side("FSC-A", 0, 1e5), side("SSC-A", 1e5, 262144))),
        population("outline", polygon("FSC-A", "SSC-A", (0, 0), (1e5, 0), (1e5, 262144), (0, 262144))),
        population("inner", polygon("FSC-A", "SSC-A", (10, 10), (1e5, 10), (1e5, 26e4), (10, 26e4))),
    ]
    template = read_flowjo(workspace(tmp_path / "w.wsp", sample(axes(LOGICLE), *gates)))["tube one.fcs"]
    gating = gate(read_fcs(tube), template)
    x, y = values[:, 0], values[:, 1]
    np.testing.assert_array_equal(gating.mask("box"), (x < 1e5) & (y >= 1e5))
    np.testing.assert_array_equal(gating.mask("outline"), x <= 1e5)
    np.testing.assert_array_equal(gating.mask("inner"), (x >= 10) & (x <= 1e5) & (y >= 10) & (y <= 26e4))
    assert [f.where for f in template.findings if f.code == "edge-extended"] == ["box", "outline"]


def test_read_flowjo__gates_ellipses_that_stand_upright_or_are_circles(tube, tmp_path, values) -> None:
    c = 128.0
    gates = [
        population("upright", ellipse("FSC-A", "SSC-A", [(c, c - 60), (c, c + 60)], [(c, c - 100), (c, c + 100), (c - 80, c), (c + 80, c)])),  # noqa: E501
        population("level", ellipse("FSC-A", "SSC-A", [(c - 60, c), (c + 60, c)], [(c - 100, c), (c + 100, c), (c, c - 80), (c, c + 80)])),  # noqa: E501
        population("circle", ellipse("FSC-A", "SSC-A", [(c, c), (c, c)], [(c - 80, c), (c + 80, c), (c, c - 80), (c, c + 80)])),  # noqa: E501
        population("outside", ellipse("FSC-A", "SSC-A", [(c, c), (c, c)], [(c - 80, c), (c + 80, c), (c, c - 80), (c, c + 80)], inside="0")),  # noqa: E501
    ]  # fmt: skip
    gating = gate(
        read_fcs(tube),
        read_flowjo(workspace(tmp_path / "w.wsp", sample(axes(LOGICLE), *gates)))["tube one.fcs"],
    )
    x, y = (values[:, k] / 1024 - c for k in (0, 1))
    np.testing.assert_array_equal(gating.mask("upright"), (x / 80) ** 2 + (y / 100) ** 2 <= 1)
    np.testing.assert_array_equal(gating.mask("level"), (x / 100) ** 2 + (y / 80) ** 2 <= 1)
    np.testing.assert_array_equal(gating.mask("circle"), x**2 + y**2 <= 80**2)
    np.testing.assert_array_equal(gating.mask("outside"), ~gating.mask("circle"))


def test_read_flowjo__begins_a_linear_axis_at_its_lower_end(tube, tmp_path, values) -> None:
    # WS-01: a display unit is a 256th of the axis, counted from minRange, which may lie below zero
    c = 128.0
    circle = ellipse("FSC-A", "SSC-A", [(c, c), (c, c)], [(c - 80, c), (c + 80, c), (c, c - 80), (c, c + 80)])
    below = axes(LOGICLE).replace(
        'minRange="0" transforms:maxRange="262144"', 'minRange="-65536" transforms:maxRange="196608"'
    )
    assert "-65536" in below
    path = workspace(tmp_path / "w.wsp", sample(below, population("circle", circle)))
    mask = gate(read_fcs(tube), read_flowjo(path)["tube one.fcs"]).mask("circle")
    x, y = ((values[:, k] + 65536) / 1024 - c for k in (0, 1))
    np.testing.assert_array_equal(mask, x**2 + y**2 <= 80**2)


def test_read_flowjo__takes_time_in_steps_where_its_axis_has_a_gain(tube, tmp_path, values) -> None:
    other = LINEAR.replace('gain="1"', 'gain="0.01"')
    path = workspace(
        tmp_path / "w.wsp", sample(axes(LOGICLE, other), population("t", rectangle(side("Time", low=30))))
    )
    gating = gate(read_fcs(tube), read_flowjo(path)["tube one.fcs"])
    np.testing.assert_array_equal(gating.mask("t"), values[:, 4] >= 30 * 0.05 / 0.01)


@pytest.mark.parametrize("dyes", [MILTENYI, HYPERLOG], ids=["miltenyi", "hyperlog"])
def test_read_flowjo__needs_no_scale_for_ranges(tube, tmp_path, true, dyes: str) -> None:
    path = workspace(
        tmp_path / "w.wsp", sample(axes(dyes), population("r", rectangle(side("Comp-B1_A", 100, 900))))
    )
    gating = gate(read_fcs(tube), read_flowjo(path)["tube one.fcs"])
    np.testing.assert_array_equal(gating.mask("r"), (true[:, 0] >= 100) & (true[:, 0] < 900))


def test_read_flowjo__reads_names_of_parameters_in_lower_case(tube, tmp_path) -> None:
    lower = LOGICLE.replace(":W=", ":w=").replace(":M=", ":m=").replace(":A=", ":a=")
    gates = [population("p", polygon("Comp-B1_A", "Comp-R1-A", (60, 200), (300, 100), (900, 4000)))]
    found = [
        gate(
            read_fcs(tube),
            read_flowjo(workspace(tmp_path / "w.wsp", sample(axes(dyes), *gates)))["tube one.fcs"],
        )
        for dyes in (LOGICLE, lower)
    ]
    assert found[0].counts["p"] == found[1].counts["p"] > 50


def test_read_flowjo__unmixes_with_a_spectral_matrix(tube, tmp_path, values) -> None:
    rows = [[1.0, 0.3]]
    text = matrix(more='spectral="1" weightOptAlgorithmType="OLS"', rows=[*rows, [0.0, 1.0]])
    gates = [population("p", rectangle(side("Comp-B1_A", low=300)))]
    path = workspace(tmp_path / "w.wsp", sample(axes(LOGICLE), *gates, matrix=text))
    gating = gate(read_fcs(tube), read_flowjo(path)["tube one.fcs"])
    np.testing.assert_array_equal(gating.mask("p"), values[:, 2] >= 300)
    wls = text.replace("OLS", "WLS")
    with pytest.raises(TemplateError, match="WLS"):
        read_flowjo(workspace(tmp_path / "w.wsp", sample(axes(LOGICLE), *gates, matrix=wls)))


CURLY = f"<gating:CurlyQuad>{side('FSC-A', 10)}{side('SSC-A', 10)}</gating:CurlyQuad>"
REFUSED = {
    "CurlyQuad": (sample(axes(LOGICLE), population("q", CURLY)), "CurlyQuad"),
    "outline on miltenyi": (
        sample(axes(MILTENYI), population("p", polygon("Comp-B1_A", "FSC-A", (1, 1), (2, 1), (2, 9)))), "miltenyi",
    ),
    "derived": (sample(axes(LOGICLE), population("p", rectangle(side("Ratio", 1)))), "Ratio"),
    "merged": (
        sample(axes(LOGICLE), population("p", rectangle(side("FSC-A", 1)))).replace(
            "<Transformations>", '<DataSet uri="file:/other.fcs" sampleID="7"/><Transformations>'),
        "merged",
    ),
    "unknown dependents": (sample(axes(LOGICLE), node("AndNode", "b", "nobody", "no one")), "nobody"),
    "without matrix": (
        sample(axes(LOGICLE), population("p", rectangle(side("Comp-B1_A", 1))), matrix=""), "no matrix",
    ),
    "no gate": (sample(axes(LOGICLE), '<Population name="p" count="3"/>'), "0 gates"),
    "words for numbers": (sample(axes(LOGICLE), population("p", rectangle(side("FSC-A", "much")))), "much"),
    "NaN": (sample(axes(LOGICLE), population("p", rectangle(side("FSC-A", "NaN")))), "NaN"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_read_flowjo__refuses_by_name_or_leaves_out_with_a_finding(tmp_path, case: str) -> None:
    text, said = REFUSED[case]
    good = sample(
        axes(LOGICLE),
        population("ok", rectangle(side("FSC-A", 1))),
        name="good.fcs",
        id="2",
        uri="file:/good.fcs",
    )
    path = workspace(tmp_path / "w.wsp", text, good)
    with pytest.raises(TemplateError, match=said):
        read_flowjo(path)
    found = read_flowjo(path, allow=("leave-out-gates",))
    assert "good.fcs" in found
    findings = [*found.findings, *(f for one in found.values() for f in one.findings)]
    assert any(said in f.message and f.severity == "error" for f in findings)


@pytest.mark.parametrize("name", ["old.jo", "t.wspt", "z.wspz", "a.acs"])
def test_read_flowjo__refuses_other_files_of_flowjo(tmp_path, name: str) -> None:
    path = workspace(tmp_path / name, sample(axes(LOGICLE)))
    with pytest.raises(TemplateError, match="no FlowJo 10 workspace"):
        read_flowjo(path)


def test_compare_counts__warns_of_files_that_flowjo_misreads(reference) -> None:
    folder = reference / "gating" / "flowjo_human_pbmc_1993"
    for workspace_name, codes in (
        ("advanced-v10.8.wsp", ["flowjo-misreads-file"]),
        ("advanced-v7.6.5.wsp", []),
    ):
        name = "931115-B01- Sample 01.fcs"
        found = compare_counts(read_fcs(folder / name), read_flowjo(folder / workspace_name)[name])
        assert [finding.code for finding in found.findings] == codes


def test_compare_counts__explains_by_the_border_and_says_what_it_can_not_explain(tube, tmp_path) -> None:
    outline = polygon("Comp-B1_A", "Comp-R1-A", (60, 200), (300, 100), (900, 4000), (70, 20000))
    ours = gate(
        read_fcs(tube),
        read_flowjo(workspace(tmp_path / "w.wsp", sample(axes(BIEX), population("p", outline))))[
            "tube one.fcs"
        ],
    ).counts["p"]  # noqa: E501
    found = {}
    for shift in (0, 2, 2000):
        gates = [
            population("p", outline, count=str(ours + shift)),
            population("r", rectangle(side("FSC-A", 1e5)), count="7"),
        ]
        path = workspace(tmp_path / "w.wsp", sample(axes(BIEX), *gates))
        both = [read_flowjo(path, flowjo_binned=b)["tube one.fcs"] for b in (False, True)]
        rows = {row.population: row for row in compare_counts(read_fcs(tube), both[0], on_grid=both[1]).rows}
        found[shift] = rows["p"].verdict
        assert rows["r"].verdict == "unexplained"
        assert rows["p"].difference == -shift
    assert found[0] == "same"
    assert found[2] in ("border", "grid")
    assert found[2000] == "unexplained"


ODD = [
    "",
    "NaN",
    "INF",
    "1e400",
    "-1e308",
    "0",
    "-1",
    "abc",
    "9" * 400,
    "root",
    "a/b",
    "../x",
    "\u202e",
    "=1",
    "--",
]


def test_read_flowjo__raises_nothing_but_its_own_error(tmp_path) -> None:
    rng = random.Random(3)
    whole = [
        workspace(tmp_path / "w.wsp", sample(axes(dyes), *TREE)).read_text()
        for dyes in (*KINDS.values(), HYPERLOG)
    ]
    refused = 0
    for number in range(400):
        text = rng.choice(whole)
        for pattern, put in (
            (r'="([^"]*)"', lambda _: rng.choice(ODD)),
            (r"(<\w[\w:]*[^<>]*/>)", lambda m: rng.choice(["", m * 2])),
        ):
            if pattern.startswith("=") or number % 3 == 0:
                spot = rng.choice(list(re.finditer(pattern, text)))
                text = text[: spot.start(1)] + put(spot[1]) + text[spot.end(1) :]
        path = tmp_path / "odd.wsp"
        path.write_text(text)
        try:
            read_flowjo(path, flowjo_binned=number % 5 == 0, allow=("leave-out-gates",) if number % 2 else ())
        except TemplateError:
            refused += 1
    assert 50 < refused < 350


def test_read_flowjo__opens_nothing_that_the_document_names(tmp_path) -> None:
    bomb = '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    path = workspace(tmp_path / "w.wsp", sample(axes(LOGICLE), *TREE))
    text = path.read_text()
    for data in (
        text.replace("?>", f"?>{bomb}", 1).encode(),
        text.replace('encoding="UTF-8"?>', f'encoding="UTF-16"?>{bomb}', 1).encode("utf-16"),
    ):
        path.write_bytes(data)
        with pytest.raises(TemplateError, match="document type or entity"):
            read_flowjo(path)
