"""FlowKit beside the engine on every real file that both can read: a template laid over each file's own events."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import REFERENCE
from nkflow.errors import DataError
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.gating import Boolean, Ellipsoid, Gating, Polygon, Quadrant, Range, Template, gate
from nkflow.gating.compile_gate import display, scale_for
from nkflow.scales import Linear, Logicle
from rivals.flowkit_strategy import membership, strategy_of

NAMES = {"-+": "NK", "++": "NKT-like", "+-": "T", "--": "other"}
LARGEST = 6_000_000  # bytes: FlowKit takes seconds for more
FILES = sorted(
    (p for p in REFERENCE.rglob("*") if p.suffix.lower() in (".fcs", ".lmd") and p.stat().st_size < LARGEST),
    key=lambda path: path.as_posix(),
)


def name(path: Path) -> str:
    return path.relative_to(REFERENCE).as_posix()


def template_for(sample: Sample) -> Template | None:
    """Gates round the middle of the first four channels that vary, each with a tie: a cut on an event's value."""
    values = np.array(sample.values())
    use = [
        k for k, channel in enumerate(sample.channels)
        if channel.kind != "time" and np.isfinite(values[:, k]).all() and len(np.unique(values[:, k])) > 20
    ][:4]  # fmt: skip
    if len(use) < 4:
        return None
    a, b, c, d = (sample.channels[k].name for k in use)
    middle, low, high = np.percentile(values[:, use], (50, 5, 95), axis=0, method="nearest")
    angle = np.linspace(0, 2 * np.pi, 9)[:-1]
    reach = np.maximum(high - low, 1.0)
    octagon = [
        (middle[0] + reach[0] * float(np.cos(t)), middle[1] + reach[1] * float(np.sin(t))) for t in angle
    ]
    top = max(float(np.abs(values[:, use]).max()), 1.0)
    scale = Logicle(top, 0.5, 4.5)
    ends = [(middle[2] + reach[2] / 2, middle[3]), (middle[2], middle[3] + reach[3] / 2)]
    return Template.of(
        Polygon(a, b, octagon, name="cells"),
        Range(a, low=low[0], high=high[0], name="range", parent="cells"),
        Quadrant(c, middle[2], d, middle[3], names=NAMES, parent="cells"),
        Polygon(c, d, [(low[2], low[3]), (high[2], low[3]), (high[2], high[3])], name="triangle", parent="cells"),
        Ellipsoid([c, d], (middle[2], middle[3]), ends, name="ellipse", parent="range"),
        Boolean("or", ["NK", "NKT-like"], name="CD56+", parent="cells"),
        scales={a: Linear(top), b: Linear(top), c: scale, d: scale},
    )  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=name)
def test_flowkit__agrees_on_a_real_file(reference: Path, path: Path) -> None:
    try:
        sample = read_fcs(path, strict=False)
    except DataError as problem:
        pytest.skip(f"nkflow can't read it: {problem.code}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = flowkits(path)
        values, raw = np.array(sample.values()), theirs.get_events("raw")
        if raw.shape != values.shape or not np.allclose(raw, values, rtol=1e-14, atol=0.0, equal_nan=True):
            pytest.skip("the two readers differ: tests/fcs explains why")
        template = template_for(sample)
        if template is None:
            pytest.skip("fewer than four channels that vary")
        gating = gate(sample, template, allow=("compensate-again",))
        result = strategy_of(template, gating.binding).gate_sample(theirs)
    # a logarithmic channel may differ in its last digit, and with it an event that stands on a cut
    on_edges = set(np.flatnonzero(((raw != values) & ~np.isnan(values)).any(axis=1)).tolist())
    for index, key in enumerate(template.tree.keys):
        different = set(np.flatnonzero(gating.mask(key) != membership(template, result, index)).tolist())
        shape = template.populations[template.tree.nodes[index].entry].gate
        if isinstance(shape, Polygon):
            # FlowUtils leaves out events on the upper and right edges of a polygon (STANDARDS GM-02)
            assert all(is_on_edge(shape, gating, event) for event in different - on_edges), key
            on_edges |= different
        assert different <= on_edges, (key, sorted(different - on_edges)[:5])


def flowkits(path: Path) -> Any:
    """Return the file as FlowKit reads it, with an end of its data that is off by one; skip where it can't."""
    import flowio
    import flowkit as fk

    problem: Exception | None = None
    for options in ({}, {"ignore_offset_error": True}):
        try:
            with path.open("rb") as file:  # of its own FlowIO leaves a file open that it can't read
                return fk.Sample(flowio.FlowData(file, **options), sample_id="file")
        except Exception as refused:  # noqa: BLE001 - whatever FlowKit raises, it can't read the file
            problem = refused
    pytest.skip(f"FlowKit can't read it: {type(problem).__name__}")


def is_on_edge(shape: Polygon, gating: Gating, event: int) -> bool:
    """Tell whether an event lies on an edge, to the last digits of the scales."""
    scales = [scale_for(shape, gating.binding.source(dimension)) for dimension in shape.dimensions]
    vertices = [
        display(scale, np.array(v), "data")
        for scale, v in zip(scales, zip(*shape.vertices, strict=True), strict=True)
    ]
    x, y = (
        float(display(scale, gating.values("root", dimension.channel)[event], "data")[0])
        for scale, dimension in zip(scales, shape.dimensions, strict=True)
    )
    for k in range(len(shape.vertices)):
        ax, ay, bx, by = vertices[0][k - 1], vertices[1][k - 1], vertices[0][k], vertices[1][k]
        length = np.hypot(bx - ax, by - ay)
        away = abs((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length
        if away <= 1e-9 * length and -1e-9 * length <= along <= length * (1 + 1e-9):
            return True
    return False
