"""FlowJo's own counts on real workspaces (STANDARDS 5.2, reference data)."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest

from nkflow.exchange import read_flowjo
from nkflow.fcs import read_fcs
from nkflow.gating import Rectangle, gate
from nkflow.gating.template import Population, Template

SIMPLE = {  # workspace -> populations with a count
    "simple_diamond_example_quad_gate.wsp": 4,
    "simple_poly_and_rect_v2_poly50.wsp": 2,
    "single_ellipse_51_events.wsp": 1,
    "test_data_diamond_asinh_rect.wsp": 1,
    "test_data_diamond_asinh_rect2.wsp": 1,
    "test_data_diamond_biex_rect.wsp": 1,
}
STALE = {("simple_poly_and_rect_v2_poly50.wsp", "poly1")}


def differences(folder: Path, workspace: str, **options) -> tuple[dict[str, tuple[int, int]], int]:
    """Return population -> (FlowJo's count, ours) where they differ, and how many were compared."""
    different, compared = {}, 0
    for file, template in read_flowjo(folder / workspace, **options).items():
        if (folder / file).exists():
            gating = gate(read_fcs(folder / file), template)
            for path, count in template.stored_counts.items():
                compared += 1
                if gating.counts[path] != count and (workspace, path) not in STALE:
                    different[f"{file}: {path}"] = (count, gating.counts[path])
    return different, compared


@pytest.mark.parametrize("workspace", SIMPLE)
def test_read_flowjo__counts_what_flowjo_counts(reference, workspace: str) -> None:
    assert differences(reference / "gating" / "flowjo_simple", workspace) == ({}, SIMPLE[workspace])


def test_read_flowjo__on_its_grid_explains_the_50_events_that_flowjo_does_not_count(reference) -> None:
    folder, workspace = reference / "gating" / "flowjo_simple", "simple_poly_and_rect_v2_poly50.wsp"
    sample = read_fcs(folder / "data_set_simple_line_100.fcs")
    for on_grid, count in ((False, 50), (True, 0)):
        template = read_flowjo(folder / workspace, flowjo_binned=on_grid)[sample.name]
        assert template.stored_counts["poly1"] == 0
        assert gate(sample, template).counts["poly1"] == count


def test_read_flowjo__counts_what_flowjo_counts_in_fifteen_unmixed_files(reference) -> None:
    folder = reference / "gating" / "coereba_vd2"
    assert differences(folder, "CytoML.wsp") == ({}, 15)
    workspace = read_flowjo(folder / "CytoML.wsp")
    assert workspace.version == "10.10.0"
    assert len(workspace) == 30
    assert len(workspace.groups["All Samples"]) == 30


def test_read_flowjo__is_within_a_thousandth_of_flowjos_polygons(reference) -> None:
    folder = reference / "gating" / "flowsom_mouse_nk"
    different, compared = differences(folder, "gating.wsp")
    assert compared == 15
    assert all(abs(theirs - ours) <= 19 for theirs, ours in different.values())  # of 19225
    assert max(abs(theirs - ours) for theirs, ours in different.values()) == 13


def test_read_flowjo__on_its_grid_is_exact(reference) -> None:
    folder = reference / "gating" / "flowsom_mouse_nk"
    assert differences(folder, "gating.wsp", flowjo_binned=True) == ({}, 15)


def test_read_flowjo__reads_the_axes_of_flowjo_7_from_the_amplifiers(reference) -> None:
    folder = reference / "gating" / "flowjo_human_pbmc_1993"
    workspace = read_flowjo(folder / "advanced-v7.6.5.wsp")
    with (folder / "flowjo_7.6.5_counts.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    tolerance = {"PolygonGate": 2, "RectangleGate": 15, "EllipsoidGate": 28}
    gatings = {}
    for row in rows:
        file, path = row["sample"], row["gate_path"]
        if file not in gatings:
            gatings[file] = gate(read_fcs(folder / file), workspace[file])
        ours = gatings[file].counts[path]
        if row["ref_reader_count"]:
            assert abs(ours - int(row["ref_reader_count"])) <= 1, path
        assert abs(ours - int(row["flowjo_7.6.5_count"])) <= tolerance.get(row["kind"], 15), path
    assert len(rows) > 70
    inverted = gatings["931115-B02- Sample 01.fcs"].counts
    assert inverted["CD4, CD8 ellipse"] + inverted["not CD4, CD8 ellipse"] == 10_000


def test_hipc_gates__count_what_their_truth_says(reference) -> None:
    folder = reference / "human_nk" / "hipc_dc_mono_nk"
    with (folder / "truth_001_gates.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    populations = []
    for row in rows:
        shape = ast.literal_eval(row["definition"].replace("inf", "1e999"))
        name = row["path"].rpartition("/")[2]
        if row["gate_type"] == "range":
            channel, low, high = shape["range"]
            gates = {channel: (low, high)}
        elif row["gate_type"] == "rectangle":
            gates = dict(zip(shape["params"], zip(*shape["verts"], strict=True), strict=True))
        else:
            continue
        ends = {c: tuple(None if abs(e) == float("inf") else e for e in pair) for c, pair in gates.items()}
        populations.append(Population(Rectangle(ends), name, row["parent"]))
    assert len(populations) == 19
    sample = read_fcs(folder / "DC_MONO_NK_12828001_001.transformed.fcs")
    gating = gate(sample, Template.of(*populations, compensation="none"))
    counts = {row["path"]: int(row["count"]) for row in rows}
    assert {path: gating.counts[path] for path in gating.paths} == {
        path: counts[path] for path in gating.paths
    }
