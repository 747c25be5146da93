"""What uncertain gate boundaries do to counts: one error per boundary, with its sign for each population."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nkflow.counting.budget import Term
from nkflow.counting.inputs import Boundary
from nkflow.counting.populations import UNIONS

__all__ = ["gate_points", "gate_terms", "moved", "pooled"]

LARGEST = 20.0  # relative; of a population that a boundary all but empties no more can be said, and numbers stay finite


def moved(boundary: Boundary, population: str) -> float:
    """Return the change in pooled events of `population` per unit of `boundary`; unions from their parts."""
    given = boundary.events_per_unit
    if population in given or population not in UNIONS:
        return given.get(population, 0.0)
    return math.fsum(moved(boundary, part) for part in UNIONS[population])


def gate_terms(population: str, events: int, *, boundaries: Sequence[Boundary]) -> tuple[Term, ...]:
    """Return one term for each boundary that moves `population`: ``u · dN/dx / N``, at most `LARGEST` either way.

    What one population gains at a boundary its neighbour loses, so the terms of NK and NKT-like have opposite
    signs and cancel in CD56+. The same template cuts all preparations: the error is shared.
    """
    if events == 0:
        return ()
    pairs = ((boundary, moved(boundary, population)) for boundary in boundaries)
    return tuple(
        Term(f"gate {boundary.name}", "gate", max(-LARGEST, min(boundary.u * change / events, LARGEST)), True)
        for boundary, change in pairs
        if boundary.u and change
    )


def pooled(tubes: Sequence[Sequence[Boundary]]) -> tuple[Boundary, ...]:
    """Return the boundaries of several tubes as one set: the same cut in every tube errs the same way.

    The events that cross add up; the uncertainty is the root mean square of the tubes', each weighted with the
    events that cross in it. Taking the error as shared never makes the dose surer than it is.
    """
    names = list(dict.fromkeys(boundary.name for tube in tubes for boundary in tube))
    return tuple(_pooled([b for tube in tubes for b in tube if b.name == name]) for name in names)


def _pooled(same: Sequence[Boundary]) -> Boundary:
    total: dict[str, float] = {}
    for boundary in same:
        for population, change in boundary.events_per_unit.items():
            total[population] = total.get(population, 0.0) + change
    weights = [math.fsum(map(abs, boundary.events_per_unit.values())) + 1e-9 for boundary in same]
    squares = [weight * boundary.u**2 for weight, boundary in zip(weights, same, strict=True)]
    u = math.sqrt(math.fsum(squares) / math.fsum(weights))
    return Boundary(name=same[0].name, u=u, unit=same[0].unit, events_per_unit=total)


def gate_points(
    names: tuple[str, str], pooled: Mapping[str, int], *, boundaries: Sequence[Boundary]
) -> float:
    """Return the standard uncertainty, in percentage points, that `boundaries` bring to a frequency.

    For p = N_X/N_ref one boundary moves p by ``u·(dN_X - p·dN_ref)/N_ref``; boundaries are independent.
    """
    population, of = names
    reference = pooled[of]
    p = pooled[population] / reference
    shifts = [
        boundary.u * (moved(boundary, population) - p * moved(boundary, of)) / reference
        for boundary in boundaries
    ]
    return 100 * math.hypot(*shifts) if shifts else 0.0
