"""Which events of a control carry the dye: the brightest mode in its own detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.fitness.density import density
from nkflow.fitness.location import middle, robust_sd

__all__ = ["FEWEST", "Positive", "brightest", "carried_by_all", "own_negative", "positive"]

FEWEST = 30  # positives: below this there is no row
FAR = 5.0  # robust SDs of the negative: above are positives
APART = 10.0  # robust SDs: where even the dimmest twentieth is that bright, every event carries the dye
DIM = 30.0  # robust SDs: the median positive of a control that is bright enough ...
DIM_MERGED = 100.0  # ... where no mode stands apart
SHARE = 0.1  # of all positives: a mode that holds less is a cluster of odd events
RARE = 200  # events: a mode that holds less is one in any case
TAIL = 0.5  # of the median of a mode: below are doublets and odd events that took up some dye
LOWER = (0.5, 0.25, 0.1)  # of the events: how wide their own negative may be
BRIGHTER = 0.4  # of all positives: what is used where no mode stands apart

STEP, BANDWIDTH = 0.05, 0.25  # of arcsinh(x / 3 SD)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Positive:
    """The positives of a control: events at or above `cut`.

    Attributes
    ----------
    cut
        Data units of the control's own detector.
    how
        ``mode``: a brightest mode stands apart; ``all``: every event carries the dye; ``brighter part``:
        no mode stands apart, the brighter 40 % of what lies above the negative.
    brightness
        Median of the positives above the negative, in robust SDs of the negative.
    """

    cut: float
    how: Literal["mode", "all", "brighter part"]
    brightness: float

    @property
    def dim(self) -> bool:
        """Whether the control is too dim for a coefficient to trust."""
        return self.brightness < (DIM_MERGED if self.how == "brighter part" else DIM)


def positive(values: Array, negative: Array) -> Positive | None:
    """Find the positives among `values` (n,) of a control's own detector, given its negative (m,).

    CO-17: the brightest mode, not a fixed share of the events. None where fewer than 30 events lie above the
    negative's median by five of its robust SDs.
    """
    return brightest(values, float(np.median(negative)), max(robust_sd(negative), 1e-9), rare=True)


def brightest(values: Array, centre: float, width: float, *, rare: bool = False) -> Positive | None:
    """Find the positives among `values` (n,), given centre and robust SD of the negative.

    `rare`: where no mode stands apart that holds a tenth of what lies above the negative, one of 200 events that
    tells more than the brighter part does. That is for single stains, where nothing else makes events bright.
    """
    above = values[values > centre + FAR * width]
    if len(above) < FEWEST:
        return None
    cut, how = _cut(values, above, (centre, width), rare)
    if how == "mode":
        cut = max(cut, centre + TAIL * (float(np.median(values[values >= cut])) - centre))
    chosen = values[values >= cut]
    return Positive(cut, how, (float(np.median(chosen)) - centre) / width)


def _cut(
    values: Array, above: Array, negative: tuple[float, float], rare: bool
) -> tuple[float, Literal["mode", "all", "brighter part"]]:
    centre, width = negative
    place = np.arcsinh((values - centre) / (3.0 * width))
    for fewest in (max(FEWEST, SHARE * len(above)), RARE)[: 1 + rare]:
        valley = _valley(place, np.arcsinh(FAR / 3.0), fewest=fewest)
        cut = centre + 3.0 * width * np.sinh(valley if valley is not None else -np.inf)
        if cut > centre + FAR * width and (
            fewest != RARE or _tells_more(above - centre, float(cut - centre))
        ):
            return float(cut), "mode"
        if carried_by_all(values, centre, width):
            return float(centre + APART * width), "all"
    return float(np.quantile(above, 1.0 - BRIGHTER)), "brighter part"


def _tells_more(above: Array, cut: float) -> bool:
    """Whether the events from `cut` on tell a slope better than the brighter part: brightness times sqrt(number)."""
    mode, part = above[above >= cut], above[above >= np.quantile(above, 1.0 - BRIGHTER)]
    told = [float(np.median(some)) * np.sqrt(len(some)) for some in (mode, part)]
    return bool(told[0] > told[1])


def carried_by_all(values: Array, centre: float, width: float) -> bool:
    """Whether hardly an event is without the dye: fewer than one in twenty below ten robust SDs of the negative."""
    return bool(np.quantile(values, 0.05) > centre + APART * width)


def _valley(place: Array, floor: float, *, fewest: float) -> float | None:
    """Return the valley below the brightest mode above `floor` that holds `fewest` events, if there is one."""
    found = density(place, step=STEP, bandwidth=BANDWIDTH)
    for mode in found.modes()[::-1]:
        if found.at[mode] <= floor:
            return None
        valley = found.valley_below(int(mode))
        if valley is None or found.height[valley] > 0.5 * found.height[mode]:
            continue
        if np.count_nonzero(place >= found.at[valley]) >= fewest:
            return float(found.at[valley])
    return None


def own_negative(values: Array) -> float | None:
    """Return the value below which the events of a control are its own negatives; None where it has none.

    The valley below the brightest mode, on an arcsinh scale as wide as the lower half of the events; where most
    events are positive, as the lower quarter or tenth.
    """
    for part in LOWER:
        lower = values[values <= (middle(values) if part == LOWER[0] else np.quantile(values, part))]
        width = max(robust_sd(lower), 1e-9)
        centre = middle(lower)
        valley = _valley(np.arcsinh((values - centre) / (3.0 * width)), np.arcsinh(FAR / 3.0), fewest=FEWEST)
        if valley is not None:
            return float(centre + 3.0 * width * np.sinh(valley))
    return None
