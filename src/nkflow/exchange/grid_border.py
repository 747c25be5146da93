"""Events so near to an outline that FlowJo's display of 256 steps may put them on its other side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nkflow.exchange.border import distance_from_edges, distances
from nkflow.exchange.dimension_values import dimension_values
from nkflow.gating.bind import Source
from nkflow.gating.gates import Ellipsoid, Polygon
from nkflow.gating.result import Gating
from nkflow.scales import Biex, Linear

__all__ = ["near_outlines"]

_STEPS = 256.0  # of FlowJo's display
_TOP = 262144.0  # of a linear axis whose channel states no range


def near_outlines(gating: Gating) -> Mapping[str, NDArray[np.bool_]]:
    """Return path -> the events (n_events,) of its parent within a step of an outline, its own or one it depends on."""
    tree, template = gating.template.tree, gating.template
    near: dict[int, NDArray[np.bool_]] = {}
    for index in tree.order:
        node = tree.nodes[index]
        found = np.zeros(gating.n_events, dtype=np.bool_)
        for other in node.needs:
            if other in near:
                found |= near[other]
        shape = template.populations[node.entry].gate
        if isinstance(shape, Ellipsoid | Polygon) and index not in gating.not_evaluable:
            around = _near(gating, shape, node.outcome)
            found |= around if node.parent < 0 else around & gating.mask(tree.nodes[node.parent].path)
        if found.any():
            near[index] = found
    return {tree.nodes[index].path: found for index, found in near.items()}


def _near(gating: Gating, shape: Ellipsoid | Polygon, outcome: str) -> NDArray[np.bool_]:
    sources = [gating.binding.source(dimension) for dimension in shape.dimensions]
    units = [_step(gating, source) for source in sources]
    events = np.arange(gating.n_events)
    columns = [dimension_values(gating, dimension, events) for dimension in shape.dimensions]
    if isinstance(shape, Ellipsoid):
        distance = distances(shape, outcome, gating.binding, columns)
        assert distance is not None
        assert shape.covariance is not None  # FlowJo's are given by their moments
        shortest = float(
            np.sqrt(np.linalg.eigvalsh(np.array(shape.covariance) / np.outer(units, units)).min())
        )
        return distance.values <= 1.0 / max(shortest, 1.0)
    vertices = [np.array(column) for column in zip(*shape.vertices, strict=True)]
    points = [_shown(s, c) / u for s, c, u in zip(sources, columns, units, strict=True)]
    corners = [
        (_shown(s, v) if shape.space == "data" else v) / u
        for s, v, u in zip(sources, vertices, units, strict=True)
    ]
    return distance_from_edges(points, corners) <= 1.0


def _shown(source: Source, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values if source.scale is None else source.scale.forward(values)


def _step(gating: Gating, source: Source) -> float:
    """Return one step of the display in display units."""
    match source.scale:
        case Biex() as scale:
            return float(scale.channels) / _STEPS
        case None | Linear():
            number = source.reading.channel
            channel = gating.binding.channels[number] if number >= 0 else None
            return float((channel.range if channel is not None else None) or _TOP) / _STEPS
        case _:
            return 1.0 / _STEPS
