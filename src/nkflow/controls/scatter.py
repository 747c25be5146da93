"""The scatter gate of a control: the main cluster and what lies above it; no debris, no doublets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.controls.tube import Tube
from nkflow.fitness.density import density, smooth

__all__ = ["ScatterGate", "scatter_gate"]

STEP = 0.05  # bins of ln(scatter)
BANDWIDTH = (
    0.075  # of ln(scatter), for MANY events; fewer are smoothed more, by the -1/6 power (Scott's rule)
)
MANY = 15_000
AS_DENSE = 0.6  # of the densest cluster
EDGE = 2.0  # SDs of the left flank of the main cluster: debris and dying cells lie below
UP = (
    0.7,
    1.6,
)  # of ln FSC and ln SSC: activated cells and monocytes lie above; twice the FSC, five times the SSC
SINGLET = 4.0  # robust SDs of ln(area / height)
FEWEST = 50

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ScatterGate:
    """Limits in data units, and the area over height of single particles.

    Attributes
    ----------
    forward, side
        (low, high) of FSC-A and SSC-A, None where the file has none.
    mode
        FSC-A and SSC-A of the main cluster.
    singlet
        (low, high) of FSC-A / FSC-H (FSC-W where there is no height), None where there is neither.
    """

    forward: tuple[float, float] | None
    side: tuple[float, float] | None
    mode: tuple[float, float]
    singlet: tuple[float, float] | None

    def inside(self, tube: Tube) -> NDArray[np.bool_]:
        """Return the usable events of `tube` inside, (n_events,)."""
        return self.around(tube, tube.usable)

    def around(self, tube: Tube, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which of the events `among` (n_events,) lie inside."""
        keep = among.copy()
        for name, limits in (("FSC-A", self.forward), ("SSC-A", self.side)):
            if limits is not None and name in tube.scatter:
                keep &= (tube.scatter[name] >= limits[0]) & (tube.scatter[name] <= limits[1])
        ratio = _pulse(tube)
        if self.singlet is not None and ratio is not None:
            keep &= (ratio >= self.singlet[0]) & (ratio <= self.singlet[1])
        return keep


def scatter_gate(tube: Tube, among: NDArray[np.bool_] | None = None) -> ScatterGate:
    """Return the gate round the main scatter cluster of the placed events, or of those also in `among`.

    Events that are saturated in a detector count: where nearly all are, what is left is debris.
    The mode is looked for in the logarithms of both areas, where a population is compact and debris is not.
    A control without scatter passes whole.
    """
    keep = tube.placed if among is None else tube.placed & among
    if "FSC-A" not in tube.scatter or "SSC-A" not in tube.scatter:
        return ScatterGate(None, None, (float("nan"), float("nan")), None)
    keep = keep & (tube.scatter["FSC-A"] > 0) & (tube.scatter["SSC-A"] > 0)
    if np.count_nonzero(keep) < FEWEST:
        return ScatterGate(None, None, (float("nan"), float("nan")), None)
    forward, side = np.log(tube.scatter["FSC-A"][keep]), np.log(tube.scatter["SSC-A"][keep])
    at = _mode(forward, side)
    near = (np.abs(side - at[1]) < 5 * STEP, np.abs(forward - at[0]) < 5 * STEP)
    widths = [
        _flank(values[band], place) for values, band, place in zip((forward, side), near, at, strict=True)
    ]
    limits = [
        (float(np.exp(place - EDGE * width)), float(np.exp(place + up)))
        for place, width, up in zip(at, (widths[0], 3 * widths[1]), UP, strict=True)
    ]
    gate = ScatterGate(limits[0], limits[1], (float(np.exp(at[0])), float(np.exp(at[1]))), None)
    return ScatterGate(gate.forward, gate.side, gate.mode, _singlets(tube, gate.around(tube, keep)))


def _mode(forward: Array, side: Array) -> tuple[float, float]:
    """Return the place of the main cluster of two logarithms.

    Of several that are about as dense, the one with the most forward for its side scatter: lymphocytes rather
    than debris, dying cells or granulocytes.
    """
    low = (float(forward.min()), float(side.min()))
    bins = [
        ((values - start) / STEP).astype(np.int64) for values, start in zip((forward, side), low, strict=True)
    ]
    shape = (int(bins[0].max()) + 1, int(bins[1].max()) + 1)
    counts = np.bincount(bins[0] * shape[1] + bins[1], minlength=shape[0] * shape[1]).reshape(shape)
    wide = BANDWIDTH / STEP * max(1.0, MANY / len(forward)) ** (1 / 6)
    height = smooth(counts.astype(np.float64), wide)
    padded = np.pad(height, 1)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).max(axis=(2, 3))
    peaks = np.argwhere((height >= around) & (height >= AS_DENSE * height.max()))
    place = max(peaks.tolist(), key=lambda peak: peak[0] - peak[1] + (low[0] - low[1]) / STEP)
    return low[0] + STEP * (place[0] + 0.5), low[1] + STEP * (place[1] + 0.5)


def _flank(values: Array, place: float) -> float:
    """Return the SD of the left flank of the cluster at `place`."""
    found = density(values, step=0.01, bandwidth=0.03)
    near = np.flatnonzero(np.abs(found.at - place) < 2 * STEP)
    mode = int(near[np.argmax(found.height[near])])
    return found.half_width_below(mode, bandwidth=0.03)


def _pulse(tube: Tube) -> Array | None:
    """Return FSC-A / FSC-H, or FSC-W, (n_events,); it is larger where two particles pass together."""
    if "FSC-H" in tube.scatter:
        return tube.scatter["FSC-A"] / np.maximum(tube.scatter["FSC-H"], 1e-9)
    return tube.scatter.get("FSC-W")


def _singlets(tube: Tube, keep: NDArray[np.bool_]) -> tuple[float, float] | None:
    ratio = _pulse(tube)
    if ratio is None or np.count_nonzero(keep) < FEWEST:
        return None
    low, middle = np.quantile(ratio[keep], [0.1587, 0.5])
    width = SINGLET * max(float(middle - low), 0.005 * abs(float(middle)))
    return float(middle) - width, float(middle) + width
