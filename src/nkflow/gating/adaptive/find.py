"""One cut of a template: the events it is looked for in, the method, the window."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.band import Band, singlet_band
from nkflow.gating.adaptive.density import MIN_EVENTS, density
from nkflow.gating.adaptive.document import (
    BandMethod,
    BeadsMethod,
    EllipseMethod,
    FMOMethod,
    Method,
    MixtureMethod,
    QuantileMethod,
    TailMethod,
    ValleyMethod,
)
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.found import Cut, Found, NoGate
from nkflow.gating.adaptive.mixture import mixture_cut, mixture_ellipse
from nkflow.gating.adaptive.quantile import quantile
from nkflow.gating.adaptive.tail import tail
from nkflow.gating.adaptive.valley import LOWEST_SHARE, beside_top, floor_around, valley
from nkflow.gating.adaptive.window import ANYWHERE, Window

__all__ = ["Answer", "band_in_window", "find_band", "find_cut", "find_ellipse", "judged"]

Answer: TypeAlias = Cut | Band | Ellipse | NoGate
Array = NDArray[np.float64]
_LINE: TypeAlias = ValleyMethod | BeadsMethod | TailMethod | QuantileMethod | FMOMethod | MixtureMethod


def find_cut(
    method: Method, values: Array, *, window: Window, prefer: Window | None = None, seed: int = 0
) -> Found:
    """Return the answer of a one-dimensional method for `values` (n,), display units (of an FMO: the control's)."""
    match method:
        case ValleyMethod():
            found = valley(
                values, window=window, prefer=prefer, adjust=method.adjust, which=method.which, seed=seed
            )
            return _fit_to_part(found, method)
        case BeadsMethod():
            return beside_top(values, window=window, seed=seed)
        case TailMethod():
            search = ANYWHERE if method.peak == "highest" else _first_peak(values)
            return tail(
                values, side=method.side, sds=method.sds, search=search, n_min=method.at_least, seed=seed
            )
        case QuantileMethod():
            return quantile(values, method.p, seed=seed)
        case FMOMethod():
            return _named_fmo(_beyond(quantile(values, method.p, seed=seed), values, method.times))
        case MixtureMethod():
            return mixture_cut(values, search=window.widened(), seed=seed)
        case BandMethod() | EllipseMethod():
            raise AssertionError("an outline has two dimensions")
        case _:
            assert_never(method)


def _fit_to_part(found: Found, method: ValleyMethod) -> Found:
    """Return `found`, or *no gate* where the peaks beside the valley are too small or too close to each other."""
    seen = found.density
    if isinstance(found, NoGate) or seen is None or not (method.at_least or method.apart):
        return found
    k = seen.bin(found.at)
    left = max((peak for peak in seen.peaks if peak.bin <= k), key=lambda peak: peak.bin)
    right = min((peak for peak in seen.peaks if peak.bin > k), key=lambda peak: peak.bin)
    fewest = int(min(seen.counts[left.left : k + 1].sum(), seen.counts[k + 1 : right.right + 1].sum()))
    apart = seen.place(right.bin) - seen.place(left.bin)
    if fewest < method.at_least:
        text = f"{fewest} events in a peak beside the valley, at least {method.at_least} are needed"
        return NoGate("too-few-events", text, "valley", found.n, found, seen)
    if apart < method.apart:
        text = f"the peaks beside the valley are {apart:.2f} apart, at least {method.apart:g} are needed"
        return NoGate("no-valley", text, "valley", found.n, found, seen)
    return found


def _first_peak(values: Array) -> Window:
    """Return the ends of the lowest peak that holds more than the end of a tail; anywhere where there is none."""
    if np.count_nonzero(np.isfinite(values)) < MIN_EVENTS:
        return ANYWHERE
    seen = density(values)
    large = (
        Window(seen.place(peak.left), seen.place(peak.right))
        for peak in seen.peaks
        if seen.counts[peak.left : peak.right + 1].sum() >= LOWEST_SHARE * seen.n
    )
    return next(large, ANYWHERE)


def _beyond(found: Found, values: Array, times: float) -> Found:
    """Return the cut `times` as far above the median of `values` (n,) as `found`; from there on it may be anywhere."""
    if isinstance(found, NoGate) or times == 1:
        return found
    middle = float(np.median(values[np.isfinite(values)]))
    at = middle + times * (found.at - middle)
    floor = (found.at, 2 * at - found.at)
    return replace(found, at=at, se=times * found.se, floor=floor, candidates=(found.at, at))


def _named_fmo(found: Found) -> Found:
    return replace(found, method="fmo")


def find_band(method: BandMethod, area: Array, height: Array, *, seed: int) -> Band | NoGate:
    """Return the band of single events, areas and heights (n,) in data units."""
    return singlet_band(area, height, sds=(method.below, method.above), largest=method.largest, seed=seed)


def band_in_window(found: Band | NoGate, window: tuple[float, float]) -> Band | NoGate:
    """Return `found`, or *no gate* where its lower edge lies outside `window` (ln units below the line)."""
    if isinstance(found, NoGate) or window[0] <= -found.lower <= window[1]:
        return found
    text = f"the lower edge lies {-found.lower:.3f} below the line, outside {window[0]:g} to {window[1]:g}"
    return NoGate("outside-window", text, "singlet-band", found.n)


def find_ellipse(
    method: EllipseMethod, points: Array, *, windows: tuple[Window, Window], seed: int
) -> Ellipse | NoGate:
    """Return the ellipse round the component of `points` (n, 2) closest to the middle of `windows`, display units."""
    x, y = windows
    return mixture_ellipse(
        points,
        near=((x.low + x.high) / 2, (y.low + y.high) / 2),
        widths=(x.high - x.low, y.high - y.low),
        level=method.level,
        n_min=method.at_least,
        seed=seed,
    )


def judged(found: Cut, values: Array) -> Cut:
    """Return `found` with its floor as wide as the events `values` (n,) of another population ask for.

    Where these have no valley at the cut, their own counts change with its place although the cut is sharp in
    the population it was found in: T and NKT-like cells where NK cells dominate.
    """
    finite = values[np.isfinite(values)]
    if len(finite) < MIN_EVENTS:
        return found
    seen = density(finite)
    low, high = seen.quantiles(0.01, 0.99)
    between = (min(low, found.at), max(high, found.at))
    low, high = floor_around(seen, found.at, between=between)
    floor = (min(low, found.floor[0]), max(high, found.floor[1]))
    return replace(found, floor=floor) if all(map(math.isfinite, floor)) else found
