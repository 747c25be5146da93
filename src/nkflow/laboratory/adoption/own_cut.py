"""One cut of a template in all tubes of a laboratory, with its window."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.document import CutDocument
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.found import NoGate
from nkflow.gating.adaptive.resolution import Resolved
from nkflow.gating.template import Template
from nkflow.laboratory.adoption.adopted import AdoptedCut, AdoptedOutline
from nkflow.laboratory.adoption.own_shift import own_shift
from nkflow.laboratory.adoption.search import FoundIn, place_of
from nkflow.laboratory.adoption.windows import own_window, stray

__all__ = ["own_cut"]

LEAST = 3  # tubes: fewer have no spread


def own_cut(
    before: Template, own: Template, index: int, *, tubes: Sequence[FoundIn], wider: Mapping[str, float]
) -> AdoptedCut:
    """Return one cut in all tubes, with the window by the rule; `own` is the template in the laboratory's scales."""
    shipped = before.document.cuts[index]
    known = {tube.name: cut for tube in tubes if (cut := tube.cut(shipped.name)) is not None}
    places = {name: place for name, cut in known.items() if (place := place_of(cut)) is not None}
    far = stray(list(places.values()), [_error(known[name]) for name in places])
    strays = tuple(name for k, name in enumerate(places) if k in far)
    good = {name: place for name, place in places.items() if name not in strays}
    methods = [cut.answer.method for cut in known.values() if not isinstance(cut.answer, Band | NoGate)]
    window, after, value, reason = None, own.document.cuts[index].window, None, ""
    outline: AdoptedOutline | None = None
    if len(good) < LEAST:
        reason = f"found in {len(good)} tubes: the shipped window stays, at the same part of the range"
    else:
        one = known[next(iter(good))]
        value = _data(statistics.median(good.values()), one)
        apart = _by_control(shipped.name, [tube for tube in tubes if tube.name in good])
        if len(apart) < LEAST:
            reason = f"from {len(apart)} FMO control(s): as wide as the shipped window, round its place"
            after = _written(*_round(statistics.fmean(apart), own.document.cuts[index], one), shipped, one)
        else:
            lots = len({tube.group for tube in tubes if tube.name in good})
            errors = [_error(known[name]) for name in good][: len(apart)]
            window = own_window(apart, errors, lots=min(lots, len(apart)))
            after = _written(window.low, window.high, shipped, one)
            outline = _outline([known[name] for name in good], lots=window.lots)
    return AdoptedCut(
        shipped.name,
        shipped.channel,
        max(set(methods), key=methods.count) if methods else shipped.find.kind,
        places,
        strays,
        shipped.window,
        after,
        window,
        value,
        wider[shipped.name],
        reason,
        outline,
        own_shift(shipped, [tube for tube in tubes if tube.name in good]),
    )


def _error(cut: Resolved) -> float:
    """Return the standard uncertainty of its place, display units; of an ellipse that of its centre on this channel."""
    return cut.answer.se[0] if isinstance(cut.answer, Ellipse) else cut.u or 0.0


def _outline(cuts: Sequence[Resolved], *, lots: int) -> AdoptedOutline | None:
    """Return the other windows of an ellipse, by the same rule; None of another cut."""
    found = [(cut.answer, cut) for cut in cuts if isinstance(cut.answer, Ellipse)]
    if not found:
        return None
    each, one = [answer for answer, _ in found], found[0][1]
    y = own_window([answer.centre[1] for answer in each], [answer.se[1] for answer in each], lots=lots)
    longest = [answer.half_axes[0] for answer in each]
    errors = [answer.u * size for answer, size in zip(each, longest, strict=True)]
    size = own_window(longest, errors, lots=lots)
    ends = (y.low, y.high)
    if one.document.space == "data" and one.y_scale is not None:
        ends = (float(one.y_scale.inverse(y.low)), float(one.y_scale.inverse(y.high)))
    return AdoptedOutline(_four(*ends), _four(max(size.low, 1e-3), size.high), y, size)


def _four(low: float, high: float) -> tuple[float, float]:
    """Return both with four digits."""
    return float(f"{low:.4g}"), float(f"{high:.4g}")


def _by_control(name: str, tubes: Sequence[FoundIn]) -> list[float]:
    """Return a place for each tube; of a cut that was found in FMOs the mean for each control, which is one answer."""
    places: dict[object, list[float]] = {}
    for tube in tubes:
        cut = tube.cut(name)
        place = None if cut is None else place_of(cut)
        if cut is None or place is None:
            continue
        control = tube.fmos.get(cut.source.removeprefix("FMO ")) if cut.source.startswith("FMO ") else None
        places.setdefault(tube.name if control is None else id(control), []).append(place)
    return [statistics.fmean(same) for same in places.values()]


def _round(place: float, document: CutDocument, found: Resolved) -> tuple[float, float]:
    """Return the ends of a window of the document's width round a place, display units."""
    low, high = document.window
    if document.space == "data" and found.scale is not None:
        low, high = float(found.scale.forward(low)), float(found.scale.forward(high))
    return place - (high - low) / 2, place + (high - low) / 2


def _written(low: float, high: float, shipped: CutDocument, found: Resolved) -> tuple[float, float]:
    """Return a window as the document has it: data units, display units, or ln units of a band; four digits."""
    ends: tuple[float, float] = (low, high)
    if isinstance(found.answer, Band):
        ends = (max(low, 1e-4), high)
    elif shipped.space == "data" and found.scale is not None:
        ends = (float(found.scale.inverse(low)), float(found.scale.inverse(high)))
    return _four(*ends)


def _data(place: float, found: Resolved) -> float | None:
    """Return a place in data units, five digits; None for an outline."""
    if isinstance(found.answer, Band | Ellipse):
        return None
    return float(f"{place if found.scale is None else float(found.scale.inverse(place)):.5g}")
