"""How far stained cells lie above their FMO in a laboratory's tubes: the proof that a tube got its antibody.

Only tubes whose own cut was found by the first method count, for these were stained for certain; of them the events
below the cut, compared with the FMO as a tube without positive cells will be (`nkflow.gating.adaptive.likeness`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.sample import Sample
from nkflow.gating.adaptive.document import CutDocument, FMOMethod
from nkflow.gating.adaptive.found import Cut
from nkflow.gating.adaptive.likeness import lies_above
from nkflow.gating.adaptive.resolution import Resolved
from nkflow.gating.run import gate
from nkflow.gating.template import Template
from nkflow.laboratory.adoption.adopted import AdoptedShift
from nkflow.laboratory.adoption.search import FoundIn
from nkflow.laboratory.adoption.windows import own_window

__all__ = ["own_shift"]

LEAST = 3  # tubes, and FMOs: fewer have no spread
MEDIAN = math.sqrt(math.pi / 2)  # SD of a median over that of a mean, of normal values


def own_shift(shipped: CutDocument, tubes: Sequence[FoundIn]) -> AdoptedShift | None:
    """Return the window of `shift` by the rule of windows, from tubes in which the cut lies well.

    From fewer than three FMOs it is as wide as the shipped one at least, for these do not tell how much FMOs vary. None
    where the cut has no such window, or too few tubes were stained for certain.
    """
    method = shipped.otherwise
    if not isinstance(method, FMOMethod) or method.shift is None:
        return None
    places: dict[str, float] = {}
    errors = []
    for tube in tubes:
        cut, control = tube.cut(shipped.name), tube.fmos.get(method.marker)
        if control is not None and cut is not None and _by_itself(cut) and tube.resolution is not None:
            places[tube.name], error = _above(tube.sample, control, tube.resolution.template, cut)
            errors.append(error)
    if len(places) < LEAST:
        return None
    groups = len({tube.group for tube in tubes if tube.name in places})
    window = own_window(list(places.values()), errors, lots=groups)
    low, high = window.low, window.high
    n_controls = len({id(tube.fmos[method.marker]) for tube in tubes if tube.name in places})
    rule = f"mean {window.mean:.3f} of {len(places)} tubes and {n_controls} FMO(s), SD {window.sd:.3f} SDs of the FMO"
    if n_controls < LEAST:
        half = (method.shift[1] - method.shift[0]) / 2
        low, high = min(low, window.mean - half), max(high, window.mean + half)
        rule += ", at least as wide as the shipped window"
    if low <= 0:
        return AdoptedShift(places, method.shift, None, f"{rule}: a tube without antibody can't be told")
    return AdoptedShift(places, method.shift, (float(f"{low:.3g}"), float(f"{high:.3g}")), rule)


def _by_itself(cut: Resolved) -> bool:
    return cut.first is None and cut.source == "tube" and isinstance(cut.answer, Cut)


def _above(tube: Sample, control: Sample, template: Template, cut: Resolved) -> tuple[float, float]:
    """Return how far the tube's cells below the cut lie above the control's, and its standard error."""
    assert isinstance(cut.answer, Cut)
    stained, dark = (_shown(sample, template, cut) for sample in (tube, control))
    stained = stained[stained < cut.answer.at]
    away, sd = lies_above(stained, dark)
    return away / sd, MEDIAN * math.sqrt(1 / len(stained) + 1 / len(dark))


def _shown(sample: Sample, template: Template, cut: Resolved) -> NDArray[np.float64]:
    """Return the values (n,) of a sample's events on the cut's scale."""
    values = gate(sample, template, histograms=False).values(cut.document.of, cut.document.channel)[:, 0]
    shown = values if cut.scale is None else cut.scale.column(np.ascontiguousarray(values))
    return shown[np.isfinite(shown)]
