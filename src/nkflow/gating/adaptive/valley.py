"""The valley between two peaks (AG-01, mindensity)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.bootstrap import replicated
from nkflow.gating.adaptive.density import MIN_EVENTS, Density, Peak, density
from nkflow.gating.adaptive.found import Cut, Found, NoGate, too_few
from nkflow.gating.adaptive.window import ANYWHERE, Window
from nkflow.kernels import density as kernels

__all__ = ["LOWEST_SHARE", "MAX_DEPTH", "Which", "beside_top", "floor_around", "valley"]

Which: TypeAlias = Literal["deepest", "lowest", "highest"]

_floors: Any = kernels.floor_places
_smooth: Any = kernels.smooth_rows

WIDENINGS = (1.0, 2.0, 4.0)  # of the bandwidth: a rare population is a peak only when seen from further away
CLOSER = (
    0.5  # a small peak between two large ones is one only from closer by; looked for where it is expected
)
RISE = 1.0  # SDs of counting by which the floor of a valley may rise above its lowest place
SHORT = (
    1.3  # the bootstrap of a minimum's place falls short; with it 3 SE hold the true valley (tests/adaptive)
)
LOWEST_SHARE = 0.03  # of the events lie below the ``lowest`` valley: fewer are the end of a tail
HIGHEST_SHARE = 0.005  # and above the ``highest``: a few dead cells are a population
AS_NARROW, ALSO_BEADS = 2.0, 0.1  # times the spread of the beads, of their number: these are beads as well
MAX_DEPTH = 0.85  # a shallower valley is no clear answer


@dataclass(frozen=True)
class _Valley:
    """The valley between two neighbouring peaks, and its depth: lowest place over the lower peak."""

    left: Peak
    right: Peak
    at: float
    depth: float


def valley(
    values: NDArray[np.float64],
    *,
    window: Window = ANYWHERE,
    adjust: float = 1.0,
    prefer: Window | None = None,
    which: Which = "deepest",
    seed: int = 0,
) -> Found:
    """Return the cut at the valley of the density of `values` (n,), in display units.

    Of several valleys: the deepest between the two highest peaks, else the deepest (AG-01); or the ``lowest``, or the
    ``highest`` one;
    clear ones inside `prefer` come first, with any bandwidth, then those inside `window`, then those of the wider range
    in which a breach is looked for.
    Quality is the valley's height over that of its lower peak: 0 is an empty gap, 1 no valley; above
    `MAX_DEPTH` there is *no gate*. A valley is cut in the middle of its floor, since the lowest bin of an
    empty gap is any of them. Without a valley it is looked for with wider bandwidths.
    """
    if np.count_nonzero(np.isfinite(values)) < MIN_EVENTS:
        return _too_few(values, MIN_EVENTS, "valley")
    found: dict[float, Density] = {}
    first: NoGate | None = None
    for inside, widening in _looks(window, prefer):
        if widening not in found:
            found[widening] = density(values, adjust=adjust * widening)
        answer = _valley(found[widening], inside, which=which, strict=inside is prefer, seed=seed)
        if isinstance(answer, Cut):
            return answer
        if inside is window:
            first = first or answer
    assert first is not None  # the window is looked at
    return first


def _looks(window: Window, prefer: Window | None) -> Iterator[tuple[Window, float]]:
    """Iterate over where to look and with which factor on the bandwidth."""
    if prefer is not None:
        yield from ((prefer, widening) for widening in (1.0, CLOSER, *WIDENINGS[1:]))
    yield from ((window, widening) for widening in WIDENINGS)


def _valley(found: Density, window: Window, *, which: Which, strict: bool, seed: int) -> Found:
    if len(found.peaks) < 2:
        return NoGate("one-peak", "the density has one peak and no valley", "valley", found.n, None, found)
    candidates = _valleys(found)
    inside = _clear_in(candidates, window) if strict else _in_reach(candidates, window)
    chosen = _chosen(found, inside) if which == "deepest" else _outermost(found, inside, which=which)
    return _answer(found, candidates, chosen, method="valley", seed=seed)


def beside_top(
    values: NDArray[np.float64],
    *,
    window: Window = ANYWHERE,
    max_spread: float = 0.05,
    n_min: int = MIN_EVENTS,
    seed: int = 0,
) -> Found:
    """Return the valley below the uppermost peak (counting beads), which must be narrow.

    `max_spread` is the largest robust SD of the events above the valley, in display units: what is bright
    and broad are cells. Two beads in one event lie further up and belong to the peak.
    """
    if np.count_nonzero(np.isfinite(values)) < n_min:
        return _too_few(values, n_min, "beads")
    found = density(values)
    candidates = _valleys(found)
    inside = _in_reach(candidates, window)
    if not inside:
        text, places = "no valley where the beads are looked for", tuple(each.at for each in candidates)
        return NoGate("no-valley", text, "beads", found.n, None, found, elsewhere=places)
    answer = _answer(found, candidates, inside[-1], method="beads", seed=seed)
    if isinstance(answer, Cut):
        beads = values[np.flatnonzero(values >= answer.at)]  # a boolean index takes three times as long
        low, high = np.quantile(beads, [0.25, 0.75])
        if (high - low) / 1.349 > max_spread:
            text = f"the uppermost peak is too broad for beads: SD {(high - low) / 1.349:.3f}"
            return NoGate("no-fit", text, "beads", found.n, answer, found)
        if _second_beads(high - low, len(beads), inside[-1], found):
            text = "there are two narrow peaks: beads of two kinds, or their light changed during the run"
            return NoGate("no-fit", text, "beads", found.n, answer, found)
    return answer


def _second_beads(spread: float, n_beads: int, chosen: _Valley, found: Density) -> bool:
    """Tell whether the peak below the beads is as narrow as they are, and a tenth as many: cells are broader.

    `spread` is between the quartiles of the beads.
    """
    below = chosen.left.left, found.bin(chosen.at)
    if found.counts[below[0] : below[1] + 1].sum() < max(ALSO_BEADS * n_beads, MIN_EVENTS):
        return False
    low, high = found.quantiles(0.25, 0.75, between=below)
    return high - low <= AS_NARROW * spread


def _too_few(values: NDArray[np.float64], n_min: int, method: str) -> NoGate:
    n = int(np.count_nonzero(np.isfinite(values)))
    return too_few(method, n, n_min, without=len(values) - n)


def floor_around(found: Density, at: float, *, between: tuple[float, float]) -> tuple[float, float]:
    """Return the stretch round `at`, inside `between`, where the density is less than e times that at `at`.

    Where a population has no valley at a cut that was found in another one, this is as far as it doesn't care.
    """
    middle = found.bin(at)
    height = found.height[middle]
    top = np.e * height + 2.0 * (found.noise * (height + found.noise)) ** 0.5
    high = found.height > top
    first, last = (found.bin(end) for end in between)
    left = np.flatnonzero(high[first : middle + 1])
    right = np.flatnonzero(high[middle : last + 1])
    low_bin = first + int(left[-1]) + 1 if left.size else first
    high_bin = middle + int(right[0]) - 1 if right.size else last
    return (min(found.place(low_bin), at), max(found.place(high_bin), at))


def _valleys(found: Density) -> list[_Valley]:
    valleys = []
    for left, right in zip(found.peaks[:-1], found.peaks[1:], strict=True):
        lower = min(found.height[left.bin], found.height[right.bin])
        depth = float(found.height[left.bin : right.bin + 1].min() / lower)
        valleys.append(
            _Valley(left, right, found.place(_middle(found.height, found.noise, left, right)), depth)
        )
    return valleys


def _middle(height: NDArray[np.float64], noise: float, left: Peak, right: Peak) -> float:
    """Return the middle of the floor between two peaks, in bins."""
    place = np.empty(1)
    _floors(height[None, :].copy(), noise, RISE, left.bin, right.bin, place)
    return float(place[0])


def _in_reach(candidates: list[_Valley], window: Window) -> list[_Valley]:
    """Return the clear valleys inside the window; without one, those of the wider range."""
    return _clear_in(candidates, window) or [each for each in candidates if each.at in window.widened()]


def _clear_in(candidates: list[_Valley], window: Window) -> list[_Valley]:
    return [each for each in candidates if each.at in window and each.depth <= MAX_DEPTH]


def _outermost(found: Density, inside: list[_Valley], *, which: Which) -> _Valley | None:
    """Return the lowest or the highest valley beyond which there are more than a tail's events."""
    below = np.cumsum(found.counts) / max(found.n, 1)
    if which == "lowest":
        return next((each for each in inside if below[found.bin(each.at)] >= LOWEST_SHARE), None)
    return next((each for each in reversed(inside) if 1 - below[found.bin(each.at)] >= HIGHEST_SHARE), None)


def _chosen(found: Density, inside: list[_Valley]) -> _Valley | None:
    highest = sorted(found.peaks, key=lambda peak: -found.height[peak.bin])[:2]
    first, second = sorted(peak.bin for peak in highest)
    between = [each for each in inside if first <= each.left.bin and each.right.bin <= second]
    return min(between or inside, key=lambda each: each.depth, default=None)


def _answer(
    found: Density, candidates: list[_Valley], chosen: _Valley | None, *, method: str, seed: int
) -> Found:
    if chosen is None:
        text = "no valley where one is looked for"
        places = tuple(each.at for each in candidates)
        return NoGate("no-valley", text, method, found.n, None, found, elsewhere=places)
    bins = _low_part(found, chosen)
    rows = replicated(found, bins, seed=seed)
    places_of = np.empty(len(rows))
    _floors(rows, found.noise, RISE, 0, bins[1] - bins[0], places_of)
    cut = Cut(
        at=chosen.at,
        se=SHORT * found.step * float(np.hypot(np.std(places_of, ddof=1), _bias(found, chosen))),
        floor=_floor(found, chosen),
        method=method,
        quality=chosen.depth,
        measure="valley depth: height over the lower peak",
        n=found.n,
        candidates=tuple(each.at for each in candidates),
        density=found,
    )
    if chosen.depth > MAX_DEPTH:
        text = f"the valley is too shallow: {chosen.depth:.2f} of its lower peak, at most {MAX_DEPTH}"
        return NoGate("no-valley", text, method, found.n, cut, found)
    return cut


def _bias(found: Density, chosen: _Valley) -> float:
    """Return how far the smoothing moves the floor, in bins: it moves as far again when smoothed once more.

    The bias of a minimum goes with the bandwidth squared, and two smoothings have twice its square.
    """
    again = np.empty((1, len(found.height)))
    _smooth(found.height[None, :].copy(), found.weights, again)
    twice = _middle(again[0], found.noise / 2**0.5, chosen.left, chosen.right)
    return abs(twice - _middle(found.height, found.noise, chosen.left, chosen.right))


def _low_part(found: Density, chosen: _Valley) -> tuple[int, int]:
    """Return the bins round the valley whose height a replicate could bring down to the floor: 6 SDs of counting."""
    part = found.height[chosen.left.bin : chosen.right.bin + 1]
    low = chosen.left.bin + np.flatnonzero(part <= 4 * part.min() + 40 * found.noise)
    return int(low[0]), int(low[-1])


def _floor(found: Density, chosen: _Valley) -> tuple[float, float]:
    part = found.height[chosen.left.bin : chosen.right.bin + 1]
    lowest = float(part.min())
    bins = chosen.left.bin + np.flatnonzero(
        part <= lowest + RISE * (found.noise * (lowest + found.noise)) ** 0.5
    )
    return found.place(float(bins[0])), found.place(float(bins[-1]))
