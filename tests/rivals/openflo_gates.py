"""openflo on the release template of `benchmarks/gating.py`: an optional rival, in an interpreter of its own.

openflo wants other versions of numpy and pandas than nkflow's locked ones, so it is run by ``NKFLOW_OPENFLO_PYTHON``,
the Python of an environment into which ``pip install openflo`` went. It knows no quadrant gate: its four outcomes are
four rectangles. Its gates stand in display units, where nkflow's stand in data units.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nkflow.gating import Boolean, Ellipsoid, Polygon, Quadrant, Range, Template
from nkflow.scales import Logicle

__all__ = ["VARIABLE", "openflo"]

VARIABLE = "NKFLOW_OPENFLO_PYTHON"
FAR = 1e30  # its file format has no open end


def openflo(path: Path, template: Template, counts: Mapping[str, int], clock: str) -> tuple[str, float, str]:
    """Return name, seconds by that function of `time` and a note; NaN and why where there is no openflo."""
    python = os.environ.get(VARIABLE)
    if not python:
        return "openflo", float("nan"), f"openflo not installed: {VARIABLE} names no interpreter"
    gates = path.with_suffix(".openflo.json")
    gates.write_text(json.dumps(dict(openflo_gates(template, path))))
    child = Path(__file__).with_name("openflo_child.py")
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        [python, str(child), str(path), str(gates), clock], capture_output=True, text=True, env=own
    )
    if run.returncode:
        return "openflo", float("nan"), f"openflo failed: {run.stderr.strip().splitlines()[-1]}"
    answer = json.loads(run.stdout)
    differ = max(abs(answer["counts"][name] - counts[name]) for name in answer["counts"])
    note = f"counts differ by {differ} at most" if differ else "the same counts"
    return f"openflo {answer['version']}, as its README reads and gates", answer["seconds"], note


def openflo_gates(template: Template, path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return name -> gate as openflo stores them."""
    from nkflow.fcs.read import read_fcs
    from nkflow.gating.bind import bind

    binding = bind(read_fcs(path), template)
    found: list[tuple[str, dict[str, Any]]] = []
    for population in template.populations:
        shape, parent = population.gate, population.parent
        sources = [binding.source(dimension) for dimension in shape.dimensions]
        channels = [binding.channels[source.reading.channel].name for source in sources]
        scales = [source.scale if isinstance(source.scale, Logicle) else None for source in sources]
        above = {"parent_id": None if parent == "root" else parent}
        match shape:
            case Boolean():
                gate = {
                    "kind": "boolean",
                    "op": shape.operation,
                    "operands": [str(o) for o in shape.operands],
                }
            case Range():
                ((_, low, high),) = shape.sides
                low, high = _interval((low, high), scales[0])
                gate = {"kind": "interval", "channel": channels[0], "lo": low, "hi": high}
            case Polygon():
                gate = {
                    "kind": "polygon",
                    "vertices": [_shown(v, scales) for v in shape.vertices],
                    **_axes(channels),
                }
            case Ellipsoid():
                gate = _ellipse(shape, scales) | _axes(channels)
            case Quadrant():
                for outcome, name in shape.pairs:
                    (x0, x1), (y0, y1) = (
                        _interval(ends, scale)
                        for ends, scale in zip(shape.intervals(outcome), scales, strict=True)
                    )
                    ends = {"x0": x0, "x1": x1, "y0": y0, "y1": y1}
                    found.append((name, {"kind": "rect"} | ends | _axes(channels) | above))
                continue
            case _:
                raise NotImplementedError(type(shape).__name__)
        found.append((population.name, gate | above))
    return found


def _axes(channels: Sequence[str]) -> dict[str, str]:
    return {"x_channel": channels[0], "y_channel": channels[1]}


def _shown(point: Sequence[float], scales: Sequence[Logicle | None]) -> list[float]:
    return [v if s is None else float(s.forward(v)) for v, s in zip(point, scales, strict=True)]


def _interval(ends: tuple[float | None, float | None], scale: Logicle | None) -> tuple[float, float]:
    low, high = ends
    return (
        -FAR if low is None else _shown([low], [scale])[0],
        FAR if high is None else _shown([high], [scale])[0],
    )


def _ellipse(shape: Ellipsoid, scales: Sequence[Logicle | None]) -> dict[str, Any]:
    centre = _shown(shape.centre, scales)
    axes = [
        [p - c for p, c in zip(_shown(end, scales), centre, strict=True)] for end in shape.half_axes or ()
    ]
    covariance = [[sum(axis[i] * axis[j] for axis in axes) for j in range(2)] for i in range(2)]
    return {"kind": "ellipsoid", "mean": centre, "cov": covariance, "distance_sq": shape.distance_square}
