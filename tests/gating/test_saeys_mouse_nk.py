"""A real tube that is compensated already: all sixteen populations within the sampling error of FlowJo's counts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from nkflow.fcs.read import read_fcs
from nkflow.gating import Gating, Polygon, Population, Rectangle, Template, gate
from nkflow.scales import Biex, Linear


def template_of(document: dict) -> Template:
    """The gates in gates.json: FlowJo's, in data units; its `Comp-` channels are the file's own here."""
    scales = {}
    for name, scale in document["transforms"].items():
        if scale["kind"] == "linear":
            scales[plain(name)] = Linear(scale["maxRange"])
        else:
            scales[plain(name)] = Biex(
                max_range=scale["maxRange"], pos=scale["pos"], neg=scale["neg"], width_basis=scale["width"]
            )
    entries = []
    for node in document["populations"]:
        gate, channels = node["gate"], [plain(name) for name in node["gate"]["channels"]]
        assert gate["events_inside"] == "1"
        if gate["kind"] == "PolygonGate":
            made = Polygon(*channels, gate["vertices"])
        else:
            made = Rectangle(
                {channel: tuple(bounds) for channel, bounds in zip(channels, gate["bounds"], strict=True)}
            )
        parent = node["parent"].strip("/") or "root"
        entries.append(Population(made, node["name"], parent))
    return Template.of(*entries, scales=scales, compensation="none", name="saeys")


def plain(name: str) -> str:
    return name.removeprefix("Comp-")


@pytest.fixture(scope="module")
def folder(reference: Path) -> Path:
    return reference / "gating" / "saeys_mouse_nk"


@pytest.fixture(scope="module")
def gating(folder: Path) -> Gating:
    template = template_of(json.loads((folder / "gates.json").read_text()))
    return gate(read_fcs(folder / "Saeys_28.fcs"), template)


def test_saeys__sixteen_populations_are_within_three_sampling_sds(folder: Path, gating: Gating) -> None:
    rows = list(csv.DictReader((folder / "expected_counts.csv").read_text().splitlines()))
    assert len(rows) == 16
    for row in rows:
        away = (gating.counts[row["path"]] - float(row["expected_of_50000"])) / float(row["sd"])
        assert abs(away) <= 3, (row["path"], gating.counts[row["path"]], away)


def test_saeys__compensating_again_loses_the_nk_cells(folder: Path, gating: Gating) -> None:
    template = template_of(json.loads((folder / "gates.json").read_text()))
    policy = template.document.compensation.model_copy(update={"policy": "file"})
    again = Template(template.document.model_copy(update={"compensation": policy}))
    twice = gate(read_fcs(folder / "Saeys_28.fcs"), again)
    assert twice.counts["NK cells"] < 0.5 * gating.counts["NK cells"]
