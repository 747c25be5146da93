"""One control after its gates: positives, negatives, and how they were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.controls.scatter import ScatterGate, scatter_gate
from nkflow.controls.tube import Tube
from nkflow.fitness.location import robust_sd
from nkflow.fitness.positive import FEWEST, Positive, carried_by_all, own_negative, positive

__all__ = ["Gated", "gate_control"]

NEGATIVES = 200  # CO-16
SAME_CARRIER = 0.1  # part of an unstained tube inside the control's scatter gate: less is another carrier

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gated:
    """A control whose events were chosen.

    Attributes
    ----------
    tube
        The control.
    own
        Row of the dye's detector.
    scatter
        The gate that positives and negatives passed.
    events : (n_detectors, n_gated)
        Usable events inside it, data units.
    negative : (n_detectors, n_negative)
        From an unstained tube, or the tube's own.
    source
        Where the negative comes from, for people; "" where there is none.
    positive
        How the positives were found; None where there are too few.
    saturated
        Part of the events inside the scatter limits that stand at the end of the own detector, and of the
        detector where most do.
    """

    tube: Tube
    own: int
    scatter: ScatterGate
    events: Array = field(repr=False)
    negative: Array = field(repr=False)
    source: str
    positive: Positive | None
    saturated: tuple[float, float]

    @property
    def positives(self) -> Array:
        """The positives (n_detectors, n_positive)."""
        if self.positive is None:
            return self.events[:, :0]
        return self.events[:, self.events[self.own] >= self.positive.cut]

    @property
    def has_dim(self) -> bool:
        """Whether a line through its own events has a dim end; without a negative nobody can say, and it counts as one.

        A mode that stands apart is no answer: where every event carries the dye, some carry more.
        """
        if self.positive is None or not self.negative.shape[1]:
            return True
        dark = self.negative[self.own]
        return not carried_by_all(self.events[self.own], float(np.median(dark)), max(robust_sd(dark), 1e-9))


def gate_control(tube: Tube, own: int, unstained: Sequence[Tube]) -> Gated:
    """Choose the positives and the negatives of a control whose dye belongs to detector `own`.

    Scatter: the main cluster; where it holds hardly any positives, the cluster of the positives (heat-killed
    cells among live ones). Negative: of the unstained tubes the one that is most alike in scatter, if it is
    the same carrier; else the tube's own negatives.
    """
    gate = scatter_gate(tube)
    chosen = _chosen(tube, own, gate, unstained)
    if chosen.positive is None and chosen.source:
        bright = _bright(tube, own, chosen.negative[own])
        inside = gate.around(tube, tube.placed)
        outside = int(np.count_nonzero(bright & ~inside))
        if outside > max(2 * FEWEST, int(np.count_nonzero(bright & inside))):
            return _chosen(tube, own, scatter_gate(tube, bright), unstained)
    return chosen


def _bright(tube: Tube, own: int, negative: Array) -> NDArray[np.bool_]:
    """Return the events of a tube that are as bright as positives, saturated ones among them."""
    low, middle = np.quantile(negative, [0.1587, 0.5])
    floor = max(float(middle + 10.0 * (middle - low)), float(np.quantile(negative, 0.999)))
    return np.asarray(tube.placed & (tube.light[own] > floor))


def _chosen(tube: Tube, own: int, gate: ScatterGate, unstained: Sequence[Tube]) -> Gated:
    events = tube.light[:, gate.inside(tube)]
    negative, source = _negative(events, own, gate, unstained)
    found = positive(events[own], negative[own]) if negative.shape[1] else None
    return Gated(tube, own, gate, events, negative, source, found, _saturated(tube, own, gate))


def _negative(events: Array, own: int, gate: ScatterGate, unstained: Sequence[Tube]) -> tuple[Array, str]:
    """Return the negative and where it comes from (CO-16)."""
    alike = [(float(np.mean(gate.inside(tube)[tube.usable])), tube) for tube in unstained]
    for share, tube in sorted(alike, key=lambda pair: -pair[0]):
        inside = gate.inside(tube)
        if share >= SAME_CARRIER and np.count_nonzero(inside) >= NEGATIVES:
            return tube.light[:, inside], f"unstained tube {tube.name}"
    if events.shape[1] >= 2 * FEWEST:
        cut = own_negative(events[own])
        mine = events[:, events[own] < cut] if cut is not None else events[:, :0]
        if mine.shape[1] >= NEGATIVES:
            return mine, "its own negatives"
    return events[:, :0], ""


def _saturated(tube: Tube, own: int, gate: ScatterGate) -> tuple[float, float]:
    """Return the saturated part of the events inside the scatter gate, of the own and of the worst detector."""
    inside = gate.around(tube, tube.placed)
    share = tube.saturated[:, inside].mean(axis=1) if inside.any() else np.zeros(len(tube.light))
    return float(share[own]), float(share.max())
