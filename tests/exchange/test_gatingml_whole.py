"""Gates of the compliance set that stand in no file of ours, in one document with mixed compensation.

The numbers are those of the set (ISAC Gating-ML 2.0, compliance tests), the counts those of STANDARDS 5.1; the
document mixes ``uncompensated``, ``FCS`` and a spectrum matrix, as the set's own ``gml_all_gates.xml`` does.
"""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import TemplateError
from nkflow.exchange import cross_check, read_gatingml, write_gatingml
from nkflow.fcs import Sample, read_fcs, write_fcs
from nkflow.gating import gate, parse_template

HEAD = """<g:Gating-ML xmlns:g="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
  xmlns:t="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
  xmlns:d="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">"""

COUNTS = {
    "And4": 120, "FSCD-FL1P": 2978, "FSCD-SSCN-FL1N": 755, "FSCN-SSCN": 398, "FSCN-SSCP-FL1P": 59,
    "FSCP-SSCN-FL1N": 96, "Or2": 8283, "ParQuadRect": 3, "Polygon1": 1582, "Polygon3NS": 1325, "Polygon4": 716,
    "Range2": 4710, "RatRange1a": 7865, "RatRange2": 3398, "Rectangle2": 252, "Rectangle4": 1275, "Rectangle5": 1303,
    "ScalePar1": 558, "ScaleRange2": 850, "ScaleRange5c": 1436, "ScaleRange6c": 4113, "ScaleRange7c": 12478,
    "ScaleRange8c": 6263, "ScaleRect1": 809,
}  # fmt: skip


def side(
    name: str, low: float | None = None, high: float | None = None, by: str = "uncompensated", on: str = ""
):
    ends = "".join(f' g:{key}="{value}"' for key, value in (("min", low), ("max", high)) if value is not None)
    ends += f' g:transformation-ref="{on}"' if on else ""
    inner = (
        f'<d:new-dimension d:transformation-ref="{name[1:]}"/>'
        if name[0] == "/"
        else f'<d:fcs-dimension d:name="{name}"/>'
    )
    return f'<g:dimension g:compensation-ref="{by}"{ends}>{inner}</g:dimension>'


def rectangle(id_: str, *sides: str, parent: str = "") -> str:
    above = f' g:parent_id="{parent}"' if parent else ""
    return f'<g:RectangleGate g:id="{id_}"{above}>{"".join(sides)}</g:RectangleGate>'


def polygon(id_: str, x: str, y: str, *vertices: tuple[float, float]) -> str:
    points = "".join(
        f'<g:vertex><g:coordinate d:value="{a}"/><g:coordinate d:value="{b}"/></g:vertex>'
        for a, b in vertices
    )
    return f'<g:PolygonGate g:id="{id_}">{x}{y}{points}</g:PolygonGate>'


def quadrants(
    id_: str, dividers: dict[str, tuple[str, str, list[float]]], **outcomes: dict[str, float]
) -> str:
    made = "".join(
        f'<g:divider g:id="{name}" g:compensation-ref="{by}"><d:fcs-dimension d:name="{channel}"/>'
        + "".join(f"<g:value>{cut}</g:value>" for cut in cuts)
        + "</g:divider>"
        for name, (channel, by, cuts) in dividers.items()
    )
    for outcome, places in outcomes.items():
        inner = "".join(
            f'<g:position g:divider_ref="{name}" g:location="{place}"/>' for name, place in places.items()
        )
        made += f'<g:Quadrant g:id="{outcome.replace("_", "-")}">{inner}</g:Quadrant>'
    return f'<g:QuadrantGate g:id="{id_}">{made}</g:QuadrantGate>'


def scale(id_: str, tag: str, inner: str = "", **parameters: float) -> str:
    words = " ".join(f't:{name}="{value}"' for name, value in parameters.items())
    return f'<t:transformation t:id="{id_}"><t:{tag} {words}>{inner}</t:{tag}></t:transformation>'


def boolean(id_: str, operation: str, *references: str) -> str:
    inner = ""
    for name in references:
        more = 'g:use-as-complement="1"' if name.startswith("!") else ""
        inner += f'<g:gateReference g:ref="{name.lstrip("!")}" {more}/>'
    return f'<g:BooleanGate g:id="{id_}"><g:{operation}>{inner}</g:{operation}></g:BooleanGate>'


def matrix(id_: str, dyes: list[str], detectors: list[str], rows: list[list[float]], more: str = "") -> str:
    names = ["".join(f'<d:fcs-dimension d:name="{name}"/>' for name in found) for found in (dyes, detectors)]
    spectra = "".join(
        "<t:spectrum>" + "".join(f'<t:coefficient t:value="{v}"/>' for v in row) + "</t:spectrum>"
        for row in rows
    )
    return (
        f'<t:spectrumMatrix t:id="{id_}" {more}><t:fluorochromes>{names[0]}</t:fluorochromes>'
        f"<t:detectors>{names[1]}</t:detectors>{spectra}</t:spectrumMatrix>"
    )


ROWS = [[1, 0.02, 0.06], [0.11, 1, 0.07], [0.09, 0.01, 1]]
SPILL = matrix("S", ["FITC", "PE", "PerCP"], ["FL1-H", "FL2-H", "FL3-H"], ROWS)
PAIR = '<d:fcs-dimension d:name="FL2-H"/><d:fcs-dimension d:name="FL2-A"/>'
WHOLE = [  # every reference before what it refers to
    boolean("And4", "and", "Range1", "Not1", "Polygon1"),
    boolean("Not1", "not", "Ellipse1"),
    boolean("Or2", "or", "Rectangle2", "!FL2N-FL4N"),
    rectangle("ParQuadRect", side("FL2-H", 6, 14.5), side("FL4-H", 7, 16), parent="FL2P-FL4P"),
    rectangle("ScalePar1", side("FITC", 0.12, 0.43, "S", "hyperlog"), parent="ScaleRect1"),
    rectangle("Range1", side("FSC-H", 100)),
    rectangle("Range2", side("Time", 20, 80)),
    rectangle("Rectangle2", side("SSC-H", 20, 80, "FCS"), side("FL1-H", 70, 200, "FCS")),
    rectangle("Rectangle4", side("PerCP", 7, 90, "S"), side("FSC-H", 10, 133)),
    rectangle("Rectangle5", side("PerCP", 7, 90, "S"), side("FSC-H", 10)),
    polygon("Polygon1", side("FL2-H", by="FCS"), side("FL3-H", by="FCS"), (5, 5), (500, 5), (500, 500)),
    polygon("Polygon4", side("PE", by="S"), side("PerCP", by="S"), (5, 5), (500, 5), (500, 500)),
    polygon("Polygon3NS", side("SSC-H"), side("FL3-H", by="FCS"), (10, 10), (500, 10), (500, 390), (100, 390),
            (100, 180), (200, 180), (200, 300), (10, 300)),
    '<g:EllipsoidGate g:id="Ellipse1">' + side("FL3-H") + side("FL4-H") + '<g:mean>'
    '<g:coordinate d:value="12.99701"/><g:coordinate d:value="16.22941"/></g:mean><g:covarianceMatrix><g:row>'
    '<g:entry d:value="62.5"/><g:entry d:value="37.5"/></g:row><g:row><g:entry d:value="37.5"/>'
    '<g:entry d:value="62.5"/></g:row></g:covarianceMatrix><g:distanceSquare d:value="1"/></g:EllipsoidGate>',
    quadrants("Quadrant1", {"FL2": ("FL2-H", "FCS", [12.14748]), "FL4": ("FL4-H", "FCS", [14.22417])},
              FL2P_FL4P={"FL2": 15, "FL4": 15}, FL2N_FL4N={"FL2": 5, "FL4": 5}),
    quadrants("Quadrant2", {"FSC": ("FSC-H", "uncompensated", [28.0654, 70.02725]),
                            "SSC": ("SSC-H", "uncompensated", [17.75]), "FL1": ("FL1-H", "uncompensated", [6.43567])},
              FSCN_SSCN={"FSC": 10, "SSC": 10}, FSCD_SSCN_FL1N={"FSC": 30, "SSC": 10, "FL1": 5},
              FSCP_SSCN_FL1N={"FSC": 80, "SSC": 10, "FL1": 5}, FSCD_FL1P={"FSC": 30, "FL1": 10},
              FSCN_SSCP_FL1P={"FSC": 10, "SSC": 20, "FL1": 15}),
    rectangle("RatRange1a", side("/ratio1", 0.40625, 0.6601562, on="log")),
    rectangle("RatRange2", side("/ratio2", 0.95, 1.05)),
    rectangle("ScaleRange2", side("FL1-H", 0.37, 0.63, on="hyperlog")),
    rectangle("ScaleRange5c", side("FITC", 0.37, 0.63, "S", "logicle2")),
    rectangle("ScaleRange6c", side("PE", 0.09, 0.36, "S", "asinh")),
    rectangle("ScaleRange7c", side("PE", 0.09, 0.36, "S", "hyperlog")),
    rectangle("ScaleRange8c", side("PE", 0.09, 0.36, "S", "logicle2")),
    rectangle("ScaleRect1", side("PE", 0.31, 0.69, "S", "logicle"), side("PerCP", 0.27, 0.73, "S", "logicle")),
    scale("ratio1", "fratio", PAIR, A=1, B=0, C=-1),
    scale("ratio2", "fratio", PAIR, A=2.7, B=-100, C=-300),
    scale("log", "flog", T=100, M=2),
    scale("asinh", "fasinh", T=10000, M=4, A=1),
    scale("hyperlog", "hyperlog", T=10000, W=1, M=4.5, A=0),
    scale("logicle", "logicle", T=10000, W=0.5, M=4.5, A=0),
    scale("logicle2", "logicle", T=10000, W=1, M=4, A=0.5),
    SPILL,
]  # fmt: skip


def document(path, *parts: str):
    path.write_text(HEAD + "\n".join(parts) + "</g:Gating-ML>", encoding="utf-8")
    return read_gatingml(path)


@pytest.fixture(scope="module")
def sample(reference):
    return read_fcs(reference / "gating" / "gatingml2_suite" / "data1.fcs")


def test_read_gatingml__counts_what_the_set_says_with_mixed_compensation(tmp_path, sample) -> None:
    template = document(tmp_path / "whole.xml", *WHOLE)
    gating = gate(sample, template)
    assert {name: gating.counts[name] for name in COUNTS} == COUNTS
    for again in (
        parse_template(template.to_yaml()),
        read_gatingml(write_gatingml(tmp_path / "again.xml", template)),
        read_gatingml(write_gatingml(tmp_path / "bound.xml", template, sample=sample)),
    ):
        other = gate(sample, again)
        for name in COUNTS:
            np.testing.assert_array_equal(other.mask(name), gating.mask(name))


def test_cross_check__counts_them_too(tmp_path, sample) -> None:
    found = cross_check(sample, gate(sample, document(tmp_path / "whole.xml", *WHOLE)))
    assert found.agrees, found.summary()
    assert not found.not_compared
    assert {name: found.counts[name][1] for name in COUNTS} == COUNTS


A, B = [[1, 0.3], [0.1, 1]], [[1, 0.05], [0.4, 1]]
TWO = [
    matrix("M1", ["dA", "dB"], ["FITC-A", "PE-A"], A),
    matrix("M2", ["dA", "dB"], ["FITC-A", "PE-A"], B),
    rectangle("one", side("dA", 50, by="M1")),
    rectangle("other", side("dA", 50, by="M2")),
    rectangle("own", side("FITC-A", 50, by="FCS")),
    polygon("across", side("dA", by="M1"), side("dB", by="M2"), (0, 0), (90, 0), (90, 90), (0, 90)),
    rectangle("ratio", side("/r", 0.5, 2, by="M2")),
    scale("r", "fratio", '<d:fcs-dimension d:name="dA"/><d:fcs-dimension d:name="dB"/>', A=1, B=0, C=0),
]


def test_each_dimension__is_compensated_by_its_own_matrix(tmp_path) -> None:
    rng = np.random.default_rng(3)
    events = rng.uniform(1, 100, (500, 2)).astype(np.float32)
    own = Spillover(("FITC-A", "PE-A"), np.array([[1, 0.2], [0.2, 1]]))
    path = write_fcs(
        tmp_path / "t.fcs", Sample.from_arrays(events, ["FITC-A", "PE-A"], spillover=own, name="t")
    )
    sample = read_fcs(path)
    by_a, by_b, by_own = (
        events.astype(float) @ np.linalg.inv(m) for m in (A, B, np.array([[1, 0.2], [0.2, 1]]))
    )
    template = document(tmp_path / "two.xml", *TWO)
    for found in (template, read_gatingml(write_gatingml(tmp_path / "again.xml", template))):
        gating = gate(sample, found)
        np.testing.assert_array_equal(gating.mask("one"), by_a[:, 0] >= 50)
        np.testing.assert_array_equal(gating.mask("other"), by_b[:, 0] >= 50)
        np.testing.assert_array_equal(gating.mask("own"), by_own[:, 0] >= 50)
        inside = (by_a[:, 0] >= 0) & (by_a[:, 0] <= 90) & (by_b[:, 1] >= 0) & (by_b[:, 1] <= 90)
        np.testing.assert_array_equal(gating.mask("across"), inside)
        ratio = by_b[:, 0] / by_b[:, 1]
        np.testing.assert_array_equal(gating.mask("ratio"), (ratio >= 0.5) & (ratio < 2))
        assert all(20 < gating.counts[name] < 480 for name in ("one", "other", "own", "across", "ratio"))
    check = cross_check(sample, gate(sample, template))
    assert check.agrees, check.summary()
    assert set(check.not_compared) == {"across", "ratio"}
    assert "two matrices" in check.not_compared["across"]


def test_spectrum_matrix__that_is_inverted_and_not_square(tmp_path) -> None:
    spectra = np.array([[1.0, 0.3, 0.1], [0.2, 1.0, 0.4]])
    channels = ["B1-A", "B2-A", "B3-A"]
    events = np.random.default_rng(4).uniform(1, 100, (300, 3))
    unmixed = events @ np.linalg.pinv(spectra)
    for name, rows, more in (
        ("as it is", spectra, ""),
        ("inverted", np.linalg.pinv(spectra), 't:matrix-inverted-already="1"'),
    ):
        template = document(
            tmp_path / f"{name}.xml",
            matrix("M", ["FITC", "PE"], channels, rows.tolist(), more),
            rectangle("R", side("PE", 20.0, by="M")),
        )
        gating = gate(Sample.from_arrays(events, channels), template)
        np.testing.assert_array_equal(gating.mask("R"), unmixed[:, 1] >= 20.0)


def test_read_gatingml__notes_definitions_that_no_gate_uses(tmp_path) -> None:
    gates = [rectangle("R", side("X", 1, on="asinh")), rectangle("Q", side("/ratio1", 1))]
    used = [scale("asinh", "fasinh", T=10000, M=4, A=1), scale("ratio1", "fratio", PAIR, A=1, B=0, C=-1)]
    template = document(tmp_path / "t.xml", *gates, *used, scale("log", "flog", T=100, M=2), SPILL)
    assert [(f.code, f.where) for f in template.findings] == [
        ("definition-unused", "log"),
        ("definition-unused", "S"),
    ]


def test_read_gatingml__sends_those_who_exported_gates_from_flowjo_to_the_workspace(tmp_path) -> None:
    with pytest.raises(TemplateError, match="read its workspace"):
        document(
            tmp_path / "t.xml",
            rectangle("R", side("X", 1).replace(' g:compensation-ref="uncompensated"', "")),
        )
