"""Events on which two engines differ, population by population, and what explains them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.exchange.border import distances
from nkflow.gating.bind import Binding
from nkflow.gating.gates import Boolean, Dimension
from nkflow.gating.result import Gating
from nkflow.gating.values import values_of

__all__ = ["BORDER", "Difference", "find_differences"]

BORDER = 1e-9  # of an axis, or of a threshold: a thousand times what either engine's scale may be wrong by
_SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """Where two engines differ in one population.

    Attributes
    ----------
    population
        Its name.
    events
        How many events are in one and not in the other.
    only_ours, only_theirs
        In which.
    inherited
        Those that differ already in a population that this one is made from.
    on_border
        Those that lie on the gate's border, within `BORDER` (rounding, or a rule about the boundary itself).
    non_finite
        Those with a value that is NaN or infinite.
    first
        Up to 20 of the events that nothing explains, from 0.
    """

    population: str
    events: int
    only_ours: int
    only_theirs: int
    inherited: int
    on_border: int
    non_finite: int
    first: tuple[int, ...] = ()

    @property
    def explained(self) -> int:
        """Events with an explanation."""
        return self.inherited + self.on_border + self.non_finite

    @property
    def unexplained(self) -> int:
        """Events without one."""
        return self.events - self.explained

    @property
    def is_explained(self) -> bool:
        """Whether each event has an explanation."""
        return self.unexplained == 0

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as plain values."""
        return asdict(self) | {"first": list(self.first), "unexplained": self.unexplained}


def find_differences(
    gating: Gating, ours: Mapping[str, NDArray[np.bool_]], theirs: Mapping[str, NDArray[np.bool_]]
) -> tuple[Difference, ...]:
    """Return the populations whose memberships differ; both map a population's name to (n_events,)."""
    template, tree = gating.template, gating.template.tree
    differing = {key: ours[key] != theirs[key] for key in ours}
    found = []
    for index in tree.order:
        key, node = tree.keys[index], tree.nodes[index]
        if key not in differing or not differing[key].any():
            continue
        above = np.zeros_like(differing[key])
        for other in node.needs:
            if other >= 0:
                above |= differing.get(tree.keys[other], np.zeros_like(above))
        own = np.flatnonzero(differing[key] & ~above)
        gate = template.populations[node.entry].gate
        near = np.zeros(len(own), dtype=np.bool_)
        odd = np.zeros(len(own), dtype=np.bool_)
        if len(own) and not isinstance(gate, Boolean):
            columns = _columns(gating, gate.dimensions, own)
            distance = distances(gate, node.outcome, gating.binding, columns)
            if distance is not None:
                odd = ~distance.finite
                near = ~odd & (distance.values <= BORDER)
        found.append(
            Difference(
                key,
                int(differing[key].sum()),
                int((ours[key] & ~theirs[key]).sum()),
                int((theirs[key] & ~ours[key]).sum()),
                int((differing[key] & above).sum()),
                int(near.sum()),
                int(odd.sum()),
                tuple(int(event) for event in own[~near & ~odd][:_SHOWN]),
            )
        )
    return tuple(found)


def _columns(
    gating: Gating, dimensions: Sequence[Dimension], events: NDArray[np.int64]
) -> list[NDArray[np.float64]]:
    """Return for each dimension its value in data units of `events` (n,), compensated as it was gated."""
    inside = np.zeros(gating.n_events, dtype=np.bool_)
    inside[events] = True
    columns = []
    for dimension in dimensions:
        first = _values(gating, dimension, dimension.channel, inside)
        if dimension.per is None or dimension.ratio is None:
            columns.append(first)
        else:
            second = _values(gating, dimension, dimension.per, inside)
            columns.append(dimension.ratio.forward(first, second))
    return columns


def _values(
    gating: Gating, dimension: Dimension, channel: str, inside: NDArray[np.bool_]
) -> NDArray[np.float64]:
    binding = gating.binding
    if dimension.compensated is False:
        binding = _uncompensated(binding)
    return np.ascontiguousarray(values_of(gating.sample, binding, (channel,), inside)[:, 0])


def _uncompensated(binding: Binding) -> Binding:
    return replace(binding, spillover=None, detectors=())
