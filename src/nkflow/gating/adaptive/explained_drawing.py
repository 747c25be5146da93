"""One cut as plain arrays for the plots: the density it was found on, with what was decided."""

from __future__ import annotations

import numpy as np

from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.density import Density
from nkflow.gating.adaptive.document import EllipseMethod
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.notices import place_in_words
from nkflow.gating.adaptive.plane import Plane
from nkflow.gating.adaptive.resolution import Resolved
from nkflow.plots.axis import Axis
from nkflow.plots.cut import CutPicture
from nkflow.plots.figure import Density as Picture
from nkflow.plots.outline import Outline, Path
from nkflow.scales import Linear

__all__ = ["curve_of", "pictures_of"]

PLAIN = Linear(T=1.0)  # display units that are their own data units: ln units of a band


def curve_of(density: Density) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return places and heights (n_bins, 2) of a density, display units."""
    bins = np.arange(len(density.height))
    return np.column_stack([density.low + density.step * (bins + 0.5), density.height])


def pictures_of(cut: Resolved) -> tuple[CutPicture | Picture, ...]:
    """Return the drawings of a cut: its density; of an ellipse both channels', then the two together.

    None where there were no events to draw.
    """
    found = cut.answer
    plane = found.plane if isinstance(found, Ellipse | NoGate) else None
    if plane is not None:
        return _line(cut, plane.x), _line(cut, plane.y, second=True), _plane(cut, plane)
    if found.density is None:
        return ()
    return (_band(cut, found, found.density) if isinstance(found, Band) else _line(cut, found.density),)


def _ends(density: Density) -> tuple[float, float]:
    return density.low, density.low + density.step * len(density.height)


def _band(cut: Resolved, found: Band, density: Density) -> CutPicture:
    axis = Axis("ln height from the line", PLAIN, *_ends(density))
    note = f"{found.n:,} events of {cut.document.of}, {100 * found.quality:.1f} % inside"
    low, high = cut.document.window
    edges, window = (found.lower, found.upper), (-high, -low)
    title = f"{cut.name}: singlet-band of {cut.document.channel}"
    return CutPicture(axis, (curve_of(density),), window, edges, found.se, title=title, note=note)


def _line(cut: Resolved, density: Density, *, second: bool = False) -> CutPicture:
    """Return the drawing on one channel; `second`: the other one of an ellipse."""
    assert not isinstance(cut.answer, Band)
    channel, window = (_second(cut), cut.y_window) if second else (cut.document.channel, cut.window)
    places, u, seen = _shown(cut.answer, second=second)
    low, high = _ends(density)
    axis = Axis(
        f"{channel} in {cut.document.of}, {cut.source}",
        (cut.y_scale if second else cut.scale) or PLAIN,
        min(low, window[0]),
        max(high, window[1]),
    )
    title = f"{cut.name}: {cut.answer.method} of {channel}"
    candidates = seen.candidates if seen is not None else ()
    return CutPicture(
        axis, (curve_of(density),), window, places, u, candidates, title, _note(cut, second=second)
    )


def _plane(cut: Resolved, plane: Plane) -> Picture:
    """Return the drawing on two channels: events, window of the centre, every component, the ellipse."""
    found = cut.answer
    across, up = (
        Axis(f"{channel} in {cut.document.of}", scale or PLAIN, *_ends(density))
        for channel, scale, density in (
            (cut.document.channel, cut.scale, plane.x),
            (_second(cut), cut.y_scale, plane.y),
        )
    )
    (left, right), (low, high) = cut.window, cut.y_window
    corners = ((left, low), (right, low), (right, high), (left, high))
    outlines = [Outline("", (Path(corners, closed=True),), kind="window")]
    chosen = found.centre if isinstance(found, Ellipse) else None
    for each in plane.components:
        shape = (Path(each.outline(plane.distance_square), closed=True),)
        share = f"{100 * each.share:.3g} %"
        if each.centre == chosen:
            outlines.append(Outline(cut.name, shape, frequency=f"component of {share}"))
        else:
            outlines.append(Outline("", shape, frequency=share, kind="aside"))
    words = "no gate" if chosen is None else "ellipse"
    title = f"{cut.name}: {words}, {len(plane.components)} components"
    return Picture(plane.counts, across, up, outlines, title)


def _second(cut: Resolved) -> str:
    assert isinstance(cut.document.find, EllipseMethod)
    return cut.document.find.y


def _shown(found: Cut | Ellipse | NoGate, *, second: bool) -> tuple[tuple[float, ...], float, Cut | None]:
    """Return places, their uncertainty, and the cut whose candidates are drawn; an ellipse is its centre."""
    match found:
        case Cut():
            return (found.at,), found.u, found
        case Ellipse():
            return (found.centre[second],), found.se[second], None
        case NoGate():
            return (), 0.0, found.candidate


def _note(cut: Resolved, *, second: bool) -> str:
    found = cut.answer
    match found:
        case NoGate():
            return f"no gate: {found.message}"
        case Ellipse():
            return (
                f"centre {found.place[second]:.4g}; outline: u {100 * found.u:.2g} % of its size; "
                f"BIC gap {found.quality:.3g}"
            )
        case Cut():
            return (
                f"{place_in_words(cut, found.at)}, u {found.u:.2g} display units; quality {found.quality:.3g}"
            )
    return ""
