"""What moves over a boundary when it moves: one term of the uncertainty budget per boundary."""

from __future__ import annotations

import math
from collections.abc import Set

import numpy as np

from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.events import Events
from nkflow.gating.adaptive.found import Cut
from nkflow.gating.adaptive.order import entries_set
from nkflow.gating.adaptive.resolution import GateBoundary, Resolved
from nkflow.gating.adaptive.setting import with_ellipse, with_number, with_outline
from nkflow.gating.gates import Dimension, Gate
from nkflow.kernels.ranges import in_range

__all__ = ["boundary_of"]


def boundary_of(cut: Resolved, events: Events, without: Set[int]) -> GateBoundary:
    """Return the boundary of a cut that was found: its uncertainty, and the events that cross it per unit.

    `without` are the entries that have no gate in this tube, or none of its channels.

    The change is that between the cut moved up and down by its uncertainty, all gates that it sets at once;
    where both ends hold the same events it is 0. Counts are scaled from the events looked at to all.
    """
    u = float(cut.u or 0.0)
    tree = events.binding.template.tree
    up, down = (_moved(cut, events, sign * u) for sign in (1.0, -1.0))
    near = np.flatnonzero(_near(cut, events, u))
    change = {}
    if u > 0 and len(near) and up is not None and down is not None:
        touched = _touched(cut, events, without)
        same = {need for index in touched for need in tree.nodes[index].needs}.difference(touched)
        high = events.part(near, up, same)
        low = high.regated(down, same)
        for index in touched:
            moved = int(np.count_nonzero(high.mask(index))) - int(np.count_nonzero(low.mask(index)))
            if moved:
                change[tree.keys[index]] = moved / (2 * u) * events.of / events.n
    return GateBoundary(cut.name, u, cut.unit, change)


def _moved(cut: Resolved, events: Events, by: float) -> list[Gate] | None:
    """Return all gates with the cut moved by so many of its units."""
    gates, value = list(events.gates), math.nan
    if isinstance(cut.answer, Cut):
        at = cut.answer.at + by
        value = at if cut.scale is None else float(cut.scale.inverse(at))
        if not math.isfinite(value):
            return None
    for entry, number in entries_set(cut.document, events.binding.template.tree).items():
        if isinstance(cut.answer, Band):
            gates[entry] = with_outline(gates[entry], cut.answer.vertices(by))
        elif isinstance(cut.answer, Ellipse):
            gates[entry] = with_ellipse(gates[entry], cut.answer, by)
        else:
            gates[entry] = with_number(gates[entry], number, value)
    return gates


def _near(cut: Resolved, events: Events, u: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return the events that can cross (n,): all others are on the same side of both places."""
    if isinstance(cut.answer, Band):
        entry = next(iter(entries_set(cut.document, events.binding.template.tree)))
        area, height = (events.values(dimension) for dimension in events.gates[entry].dimensions)
        band = cut.answer
        with np.errstate(invalid="ignore", divide="ignore"):
            residual = np.log(height) - band.intercept - band.slope * np.log(area)
        # chords of the outline lie a little off the curve
        near = np.abs(residual - band.lower) <= u + 0.02
    elif isinstance(cut.answer, Ellipse):
        entry = next(iter(entries_set(cut.document, events.binding.template.tree)))
        x, y = (events.shown(dimension) for dimension in events.gates[entry].dimensions)
        with np.errstate(invalid="ignore"):
            near = np.abs(cut.answer.distances(x, y) - 1) <= u + 1e-6
    else:
        assert isinstance(cut.answer, Cut)
        ends = [cut.answer.at + sign * u for sign in (-1.0, 1.0)]
        low, high = ends if cut.scale is None else [float(cut.scale.inverse(end)) for end in ends]
        values, near = events.values(Dimension(cut.document.channel)), np.empty(events.n, dtype=np.bool_)
        in_range(values, low, math.nextafter(high, math.inf), events.mask(-1), near)
    return np.asarray(near, dtype=np.bool_)


def _touched(cut: Resolved, events: Events, without: Set[int]) -> list[int]:
    """Return the populations that the cut decides and that have a gate, all their needs included."""
    tree = events.binding.template.tree
    sets = entries_set(cut.document, tree).keys()
    return [index for index, entries in enumerate(tree.deciding) if entries & sets and not entries & without]
