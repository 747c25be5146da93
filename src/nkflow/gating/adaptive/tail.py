"""The end of a peak's tail (AG-03): for populations that have no valley beside them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.bootstrap import replicated
from nkflow.gating.adaptive.density import MIN_EVENTS, Density, Peak, density
from nkflow.gating.adaptive.found import Cut, Found, NoGate, too_few
from nkflow.gating.adaptive.window import ANYWHERE, Window

__all__ = ["Side", "tail"]

Array = NDArray[np.float64]
Side = Literal["left", "right"]
TOLERANCE = 0.01  # of the steepest slope, where a tail is over


def tail(
    values: Array,
    *,
    side: Side = "right",
    sds: float | None = None,
    search: Window = ANYWHERE,
    n_min: int = MIN_EVENTS,
    seed: int = 0,
) -> Found:
    """Return where the tail of the main peak of `values` (n,) inside `search` ends, in display units.

    Without `sds`: behind the steepest place on that `side`, where the slope has fallen to `TOLERANCE` of it
    (openCyto's tailgate, its automatic tolerance; bw.nrd0 stands for the plug-in bandwidth, which SciPy lacks).
    With `sds`: so many robust SDs from the peak, the SD taken from the peak's other side, where no other
    population reaches. Quality is the peak's share of the events (1: nothing else there).
    """
    n = int(np.count_nonzero(np.isfinite(values)))
    if n < n_min:
        return too_few("tail", n, n_min, without=len(values) - n)
    found = density(values)
    if _of_one_value(values, found):
        return NoGate("no-fit", f"most of the {n} events have the same value: no peak with a tail", "tail", n)
    inside = [peak for peak in found.peaks if found.place(peak.bin) in search]
    if not inside:
        text = "no peak where one is looked for"
        return NoGate("one-peak", text, "tail", found.n, None, found)
    peak = max(inside, key=lambda each: found.height[each.bin])
    whole = peak.left, peak.right
    top = np.array([peak.left + np.argmax(found.height[peak.left : peak.right + 1])])
    at = found.place(float((top + _reaches(found, found.height[None, :], top, side=side, sds=sds))[0]))
    bins = whole if sds is None else _high_part(found, peak)
    rows = replicated(found, bins, seed=seed, within=whole)
    tops = np.argmax(rows, axis=1)
    ends = tops + (bins[0] - peak.left) + _reaches(found, rows, tops, side=side, sds=sds)
    return Cut(
        at=at,
        se=float(np.std(ends, ddof=1)) * found.step,
        floor=(at, at),
        method="tail",
        quality=float(found.counts[peak.left : peak.right + 1].sum() / found.n),
        measure="share of the events in the peak",
        n=found.n,
        candidates=tuple(found.place(each.bin) for each in found.peaks),
        density=found,
    )


def _high_part(found: Density, peak: Peak) -> tuple[int, int]:
    """Return the bins round a peak that a replicate could bring up to its top, or down to exp(-1/2) of it (6 SDs)."""
    part = found.height[peak.left : peak.right + 1]
    high = peak.left + np.flatnonzero(part >= part.max() / 4 - 40 * found.noise)
    return int(high[0]), int(high[-1])


def _of_one_value(values: Array, found: Density) -> bool:
    """Tell whether nine tenths of the events have the same value; only then are most of them in one bin."""
    if found.counts.max() < 0.8 * found.n:
        return False
    low, high = np.quantile(values[np.isfinite(values)], [0.05, 0.95])
    return bool(low == high)


def _reaches(found: Density, rows: Array, tops: NDArray[np.int64], *, side: Side, sds: float | None) -> Array:
    """Return how far from the top the tail ends, in bins, on each smoothed row (n_rows, n_bins)."""
    sign = 1 if side == "right" else -1
    if sds is not None:
        reaches: Array = sign * sds * _spreads(found, rows, tops, sign=-sign)
        return reaches
    return np.array([sign * _slope_end(row, int(top), sign) for row, top in zip(rows, tops, strict=True)])


def _slope_end(height: Array, top: int, sign: int) -> float:
    flank = height[top:] if sign > 0 else height[top::-1]
    fall = flank[:-1] - flank[1:]
    steepest = int(np.argmax(fall))
    over = np.flatnonzero(fall[steepest:] < TOLERANCE * fall[steepest])
    return float(steepest + (over[0] if over.size else len(fall) - steepest))


def _spreads(found: Density, rows: Array, tops: NDArray[np.int64], *, sign: int) -> Array:
    """Return the SD of one flank of each row in bins: from where it falls to exp(-1/2), the smoothing taken out."""
    last = rows.shape[1] - 1
    if sign < 0:
        rows, tops = rows[:, ::-1], last - tops
    each = np.arange(len(rows))
    level = np.exp(-0.5) * rows[each, tops]
    below = (rows <= level[:, None]) & (np.arange(last + 1) > tops[:, None])
    k = np.argmax(below, axis=1)
    here, before = rows[each, k], rows[each, np.maximum(k - 1, 0)]
    seen = k - tops - (level - here) / np.maximum(before - here, 1e-300)
    spread: Array = np.maximum(seen**2 - (found.bandwidth / found.step) ** 2, 0.25) ** 0.5
    spread[~below[each, k]] = (last + 1.0 - tops)[~below[each, k]]
    return spread
