"""A template of ours as a FlowKit `GatingStrategy`: the second engine of the tests and the rival of the benchmarks."""

from __future__ import annotations

import numpy as np

from nkflow.gating import Boolean, Ellipsoid, Polygon, Quadrant, Range, Rectangle
from nkflow.scales import Arcsinh, Biex, Hyperlog, Linear, Log, Logicle

__all__ = ["membership", "path_of", "strategy_of"]


def strategy_of(template, binding):
    """Return `template`, bound to a sample, as FlowKit people would write it; coordinates go through its transforms."""
    import flowkit as fk

    strategy = fk.GatingStrategy()
    matrix = binding.spillover
    if matrix is not None:
        strategy.add_comp_matrix("spill", fk.Matrix(np.array(matrix.matrix), list(matrix.detectors)))
    known: dict[object, str] = {}
    nodes = template.tree.nodes
    done: set[int] = set()
    for index in template.tree.order:
        node = nodes[index]
        gate = template.populations[node.entry].gate
        if isinstance(gate, Quadrant):
            if node.entry not in done:
                strategy.add_gate(
                    _quadrant(fk, strategy, known, gate, node, binding), path_of(template, node.parent)
                )
            done.add(node.entry)
            continue
        name = f"{node.name} with excluded" if node.exclude else node.name
        strategy.add_gate(
            _gate(fk, strategy, known, gate, name, node, template, binding), path_of(template, node.parent)
        )
        if node.exclude:
            references = [{"ref": name, "path": path_of(template, node.parent), "complement": False}]
            references += [_reference(template, other, complement=True) for other in node.exclude]
            whole = fk.gates.BooleanGate(node.name, "and", references)
            strategy.add_gate(whole, path_of(template, node.parent))
    return strategy


def path_of(template, index: int) -> tuple[str, ...]:
    """Return the path that FlowKit gives to what lies below a population."""
    names: list[str] = []
    while index >= 0:
        node = template.tree.nodes[index]
        names.append(node.name)
        if isinstance(template.populations[node.entry].gate, Quadrant):
            names.append(f"quadrant {node.entry}")
        index = node.parent
    return ("root", *reversed(names))


def membership(template, result, index: int):
    """Return who is inside a population in a FlowKit result."""
    node = template.tree.nodes[index]
    path = path_of(template, node.parent)
    if isinstance(template.populations[node.entry].gate, Quadrant):
        return result.get_gate_membership(node.name, (*path, f"quadrant {node.entry}"))
    return result.get_gate_membership(node.name, path)


def _gate(fk, strategy, known, gate, name, node, template, binding):
    match gate:
        case Range() | Rectangle():
            sides = [
                _dimension(fk, strategy, known, binding, side[0], gate.space, low=side[1], high=side[2])
                for side in gate.sides
            ]
            return fk.gates.RectangleGate(name, sides)
        case Polygon():
            dimensions = [_dimension(fk, strategy, known, binding, d, gate.space) for d in gate.dimensions]
            columns = zip(*gate.vertices, strict=True)
            shown = [
                _shown(strategy, known, binding, d, c, gate.space)
                for d, c in zip(gate.dimensions, columns, strict=True)
            ]
            return fk.gates.PolygonGate(name, dimensions, np.column_stack(shown).tolist())
        case Ellipsoid():
            dimensions = [_dimension(fk, strategy, known, binding, d, gate.space) for d in gate.dimensions]
            centre = _point(strategy, known, binding, gate, gate.centre)
            covariance = np.array(gate.covariance) if gate.covariance is not None else None
            if covariance is None:
                ends = (
                    np.array([_point(strategy, known, binding, gate, end) for end in gate.half_axes]) - centre
                )
                covariance = ends.T @ ends
            return fk.gates.EllipsoidGate(name, dimensions, centre, covariance.tolist(), gate.distance_square)
        case Boolean():
            references = [_reference(template, other, complement=c) for other, c in node.references]
            return fk.gates.BooleanGate(name, gate.operation, references)


def _quadrant(fk, strategy, known, gate, node, binding):
    dividers = []
    for k, divider in enumerate(gate.dividers):
        source = binding.source(divider.dimension)
        dividers.append(
            fk.QuadrantDivider(
                f"d{k}", _column(binding, source), "spill" if source.reading.dye else "uncompensated",
                _shown(strategy, known, binding, divider.dimension, divider.values, gate.space).tolist(),
                _transform(strategy, known, source.scale),
            )
        )  # fmt: skip
    quadrants = []
    for outcome, name in gate.pairs:
        ranges = []
        for divider, ends in zip(gate.dividers, gate.intervals(outcome), strict=True):
            ranges.append(
                tuple(
                    None
                    if end is None
                    else float(_shown(strategy, known, binding, divider.dimension, [end], gate.space)[0])
                    for end in ends
                )
            )
        quadrants.append(fk.gates.Quadrant(name, [f"d{k}" for k in range(len(dividers))], ranges))
    return fk.gates.QuadrantGate(f"quadrant {node.entry}", dividers, quadrants)


def _dimension(fk, strategy, known, binding, dimension, space, *, low=None, high=None):
    source = binding.source(dimension)
    ends = [
        None if end is None else float(_shown(strategy, known, binding, dimension, [end], space)[0])
        for end in (low, high)
    ]
    compensation = "spill" if source.reading.dye is not None else "uncompensated"
    return fk.Dimension(
        _column(binding, source), compensation, _transform(strategy, known, source.scale), *ends
    )


def _column(binding, source) -> str:
    return binding.channels[source.reading.channel].name


def _shown(strategy, known, binding, dimension, values, space):
    """Return coordinates as FlowKit's own transform shows them, so that an event on a boundary stays on it."""
    scale = binding.source(dimension).scale
    values = np.array(values, dtype=np.float64)
    if scale is None or space == "display":
        return values
    name = _transform(strategy, known, scale)
    return np.ravel(strategy.transformations[name].apply(values.reshape(-1, 1)))


def _point(strategy, known, binding, gate, point):
    return [
        float(_shown(strategy, known, binding, d, [value], gate.space)[0])
        for d, value in zip(gate.dimensions, point, strict=True)
    ]


def _reference(template, index: int, *, complement: bool) -> dict[str, object]:
    node = template.tree.nodes[index]
    path = path_of(template, node.parent)
    if isinstance(template.populations[node.entry].gate, Quadrant):
        path = (*path, f"quadrant {node.entry}")
    return {"ref": node.name, "path": path, "complement": complement}


def _transform(strategy, known, scale) -> str | None:
    """Return the id of FlowKit's transform for a scale, added to the strategy once."""
    from flowkit import transforms

    if scale is None:
        return None
    if scale not in known:
        match scale:
            case Linear(T=t, A=a):
                made = transforms.LinearTransform(t, a)
            case Log(T=t, M=m):
                made = transforms.LogTransform(t, m)
            case Arcsinh(T=t, M=m, A=a):
                made = transforms.AsinhTransform(t, m, a)
            case Logicle(T=t, W=w, M=m, A=a):
                made = transforms.LogicleTransform(t, w, m, a)
            case Hyperlog(T=t, W=w, M=m, A=a):
                made = transforms.HyperlogTransform(t, w, m, a)
            case Biex():
                made = transforms.WSPBiexTransform(scale.neg, scale.width_basis, scale.pos, scale.max_range)
        known[scale] = f"scale {len(known)}"
        strategy.add_transform(known[scale], made)
    return known[scale]
