"""Events on which two engines differ, population by population, and what explains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.exchange.border import distances
from nkflow.exchange.dimension_values import dimension_values
from nkflow.gating.gates import Boolean
from nkflow.gating.result import Gating

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
            columns = [dimension_values(gating, dimension, own) for dimension in gate.dimensions]
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
