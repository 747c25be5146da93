"""Gating-ML as Cytobank and CytoML write it: ids with prefixes, names in custom_info, gate sets, tailored gates.

The documents are made here; none was exported by either program. The shape of Cytobank's is that of a published export
of its own, the shape of CytoML's that of public descriptions (STANDARDS GM-16): a gate holds its name, ``gate_id`` and
file in ``custom_info``, and a population is the intersection of all gates down to it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import DocumentError
from nkflow.exchange import read_gatingml, write_gatingml
from nkflow.fcs import Sample
from nkflow.gating import gate
from nkflow.scales import Arcsinh

RNG = np.random.default_rng(16)
CHANNELS = ["FSC-A", "SSC-A", "FITC-A", "PE-A"]
EVENTS = np.column_stack([RNG.uniform(0, 262144, (4000, 2)), RNG.lognormal(6, 2, (4000, 2)) - 200])
MATRIX = np.array([[1, 0.12], [0.03, 1]])
SAMPLE = Sample.from_arrays(EVENTS, CHANNELS, spillover=Spillover(CHANNELS[2:], MATRIX), name="a.fcs")
COMPENSATED = np.column_stack([EVENTS[:, :2], EVENTS[:, 2:] @ np.linalg.inv(MATRIX)])
ASINH = Arcsinh(262144.0, 4.5, 0.7)

HEAD = """<?xml version="1.0"?>
<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
  xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">
"""
CYTOML = """<data-type:custom_info><cytobank><experiment_number></experiment_number></cytobank>
<info>Gating-ML 2.0 export</info><R-version>R 4.4</R-version><flowWorkspace-version>4.16.0</flowWorkspace-version>
<CytoML-version>2.16.0</CytoML-version></data-type:custom_info>
"""
FILES = ("a.fcs", "b.fcs")
MOVE = 0.1
CORNERS = ((30000, 10000), (250000, 20000), (220000, 240000), (40000, 200000))


def named(number: int, name: str) -> str:
    return f"Gate_{number}_" + base64.b64encode(name.encode()).decode().translate(str.maketrans("+/=", "._-"))


def info(fields: dict[str, object]) -> str:
    inside = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
    return f"<data-type:custom_info><cytobank>{inside}</cytobank></data-type:custom_info>"


def dimension(channel: str, *bounds: float, fluorescence: bool) -> str:
    limits = "".join(f' gating:{key}="{value!r}"' for key, value in zip(("min", "max"), bounds, strict=False))
    scale = f' gating:transformation-ref="Tr_Arcsinh_{channel}"' if fluorescence else ""
    kind = "FCS" if fluorescence else "uncompensated"
    return (
        f'<gating:dimension{limits} gating:compensation-ref="{kind}"{scale}>'
        f'<data-type:fcs-dimension data-type:name="{channel}"/></gating:dimension>'
    )


def outline() -> str:
    """The polygon `cells` of scatter."""
    corners = "".join(
        "<gating:vertex>"
        + "".join(f'<gating:coordinate data-type:value="{value}"/>' for value in corner)
        + "</gating:vertex>"
        for corner in CORNERS
    )
    axes = (dimension(channel, fluorescence=False) for channel in CHANNELS[:2])
    return "".join(axes) + corners


def shapes(move: float) -> dict[str, tuple[str, str]]:
    """Name of a population -> kind and inside of its own gate; in the second file the cuts stand `move` higher."""
    low, high = -0.2, 0.55 + move
    return {
        "cells": ("PolygonGate", outline()),
        "CD3-": ("RectangleGate", dimension("FITC-A", low, high, fluorescence=True)),
        "NK": (
            "RectangleGate",
            dimension("FITC-A", low, high - 0.05, fluorescence=True)
            + dimension("PE-A", 0.45 + move, 1.5, fluorescence=True),
        ),
    }


def one_gate(gate_id: int, name: str, file_id: int) -> str:
    """A gate of one file; that of the first file is the experiment's and names none."""
    kind, shape = shapes(MOVE * (file_id - 1))[name]
    number = 2 * gate_id + file_id - 2
    about = info(
        {
            "name": name,
            "id": number,
            "gate_id": gate_id,
            "type": kind,
            "version": 1,
            "fcs_file_id": "" if file_id == 1 else file_id,
            "fcs_file_filename": "" if file_id == 1 else FILES[file_id - 1],
            "definition": json.dumps({"scale": {"x": {"flag": 4, "argument": "150"}}}),
        }
    )
    return f'<gating:{kind} gating:id="{named(number, name)}">{about}{shape}</gating:{kind}>'


def gate_set(name: str, gates: Sequence[str]) -> str:
    """A population: the intersection of `gates`, one of them twice, since the schema wants two."""
    about = info(
        {"name": name, "gate_set_id": name, "version": 1, "definition": json.dumps({"negGates": []})}
    )
    references = "".join(
        f'<gating:gateReference gating:ref="{gate}"/>' for gate in (gates if len(gates) > 1 else [*gates] * 2)
    )
    both = f"<gating:and>{references}</gating:and>"
    return f'<gating:BooleanGate gating:id="GateSet_{name}">{about}{both}</gating:BooleanGate>'


def cytoml() -> str:
    """A gating set of two files as CytoML exports it: cells -> CD3- -> NK; `b.fcs` has gates of its own."""
    transforms = "".join(
        f'<transforms:transformation transforms:id="Tr_Arcsinh_{channel}"><transforms:fasinh transforms:T="262144"'
        f' transforms:M="4.5" transforms:A="0.7"/></transforms:transformation>'
        for channel in CHANNELS[2:]
    )
    names = ("cells", "CD3-", "NK")
    gates = [one_gate(k, name, file_id) for k, name in enumerate(names, start=1) for file_id in (1, 2)]
    chain = [named(2 * k - 1, name) for k, name in enumerate(names, start=1)]
    sets = [gate_set(name, chain[: k + 1]) for k, name in enumerate(names)]
    return HEAD + CYTOML + transforms + "".join(gates + sets) + "</gating:Gating-ML>"


def truth(move: float) -> dict[str, np.ndarray]:
    """The masks by numpy, from the numbers of `cytoml`."""
    x, y = EVENTS[:, 0], EVENTS[:, 1]
    corners = np.array(CORNERS, float)
    cells = np.ones(len(x), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        cells &= (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) >= 0
    fitc, pe = (ASINH.forward(COMPENSATED[:, k]) for k in (2, 3))
    negative = cells & (fitc >= -0.2) & (fitc < 0.55 + move)
    return {
        "cells": cells,
        "CD3-": negative,
        "NK": negative & (fitc >= -0.2) & (fitc < 0.55 + move - 0.05) & (pe >= 0.45 + move) & (pe < 1.5),
    }


@pytest.mark.parametrize(("file", "move"), [("", 0.0), ("a.fcs", 0.0), ("b.fcs", MOVE), ("c.fcs", 0.0)])
def test_read_gatingml__reads_what_cytoml_exports(tmp_path: Path, file: str, move: float) -> None:
    path = tmp_path / "gates.xml"
    path.write_text(cytoml())
    template = read_gatingml(path, file=file)
    gating = gate(SAMPLE, template)
    for name, mask in truth(move).items():
        assert 0 < mask.sum() < len(mask)
        np.testing.assert_array_equal(gating.mask(name), mask, err_msg=name)
    assert {finding.code for finding in template.findings} == {"tailored-gate"}
    assert len(template.findings) == 3


def test_read_gatingml__puts_gate_sets_under_their_parents(tmp_path: Path) -> None:
    path = tmp_path / "gates.xml"
    path.write_text(cytoml())
    template = read_gatingml(path)
    assert {"cells", "cells/CD3-", "cells/CD3-/NK"} <= {node.path for node in template.tree.nodes}
    gating = gate(SAMPLE, template)
    expected = truth(0.0)
    assert gating.frequency("NK").value == pytest.approx(expected["NK"].sum() / expected["CD3-"].sum())


def test_read_gatingml__writes_a_cytoml_document_again_with_all_it_says(tmp_path: Path) -> None:
    path = tmp_path / "gates.xml"
    path.write_text(cytoml())
    template = read_gatingml(path)
    again = read_gatingml(write_gatingml(tmp_path / "again.xml", template))
    told, kept = ([text(one) for one in found.custom_info.values()] for found in (template, again))
    assert told == kept
    assert "CytoML-version" in again.custom_info[-1][0]
    for key in template.tree.keys:
        np.testing.assert_array_equal(gate(SAMPLE, again).mask(key), gate(SAMPLE, template).mask(key))


def text(parts: Sequence[str]) -> str:
    return re.sub(r' xmlns:[a-z-]+="[^"]*"', "", "".join(parts))


SETS = {
    "S1": ("A",),
    "S2": ("A", "B"),
    "S3": ("A", "C"),
    "S4": ("A", "C", "B"),
    "S5": ("C", "B", "A"),
    "S6": ("D",),
}


def test_read_gatingml__leaves_a_set_of_two_possible_parents_at_the_top(tmp_path: Path) -> None:
    # S4 begins with the gates of S3, S5 with those of neither S2 nor S3
    gates = "".join(
        f'<gating:RectangleGate gating:id="{name}">{dimension("FSC-A", 20000.0 * k, fluorescence=False)}'
        "</gating:RectangleGate>"
        for k, name in enumerate("ABCD", start=1)
    )
    sets = "".join(gate_set(name, parts) for name, parts in SETS.items())
    path = tmp_path / "gates.xml"
    path.write_text(HEAD + gates + sets + "</gating:Gating-ML>")
    template = read_gatingml(path)
    paths = {node.path for node in template.tree.nodes if node.name.startswith("S")}
    # S5 has the same gates as S4: neither lies in the other, and both S2 and S3 could be its parent
    assert paths == {"S1", "S1/S2", "S1/S3", "S1/S3/S4", "S5", "S6"}
    assert [finding.code for finding in template.findings] == ["parent-unclear"]


def test_read_gatingml__reads_cytobanks_log_scale(tmp_path: Path) -> None:
    # Cytobank writes log10(x) + 1 as flog with T = 1 and M = 1; the definition beside it holds log10(x)
    low, high = 2.1687995577304924, 4.519773990963408
    path = tmp_path / "CytExp.xml"
    path.write_text(
        HEAD
        + '<transforms:transformation transforms:id="Tr_Log_1"><transforms:flog transforms:T="1.0" transforms:M="1.0"/>'
        "</transforms:transformation>"
        f'<gating:RectangleGate gating:id="Gate_1_dGVzdA..">{info({"name": "test", "gate_id": 1})}'
        f'<gating:dimension gating:compensation-ref="uncompensated" gating:min="{low + 1!r}" gating:max="{high + 1!r}"'
        ' gating:transformation-ref="Tr_Log_1"><data-type:fcs-dimension data-type:name="PE-A"/></gating:dimension>'
        "</gating:RectangleGate></gating:Gating-ML>"
    )
    found = gate(SAMPLE, read_gatingml(path)).mask("test")
    pe = EVENTS[:, 3]
    np.testing.assert_array_equal(found, (pe >= 10**low) & (pe < 10**high))
    assert 0 < found.sum() < len(found)


def test_read_gatingml__says_that_a_prefix_is_not_declared(tmp_path: Path) -> None:
    # flowWorkspace#194: fragments pasted together lose the declarations of the root element
    path = tmp_path / "gates.xml"
    path.write_text('<gating:Gating-ML><gating:RectangleGate gating:id="a"/></gating:Gating-ML>')
    with pytest.raises(DocumentError, match="prefix gating|namespace"):
        read_gatingml(path)
