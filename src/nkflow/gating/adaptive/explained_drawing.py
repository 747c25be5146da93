"""One cut as plain arrays for the plots: the density it was found on, with what was decided."""

from __future__ import annotations

import numpy as np

from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.density import Density
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.notices import place_in_words
from nkflow.gating.adaptive.resolution import Resolved
from nkflow.plots.axis import Axis
from nkflow.plots.cut import CutPicture
from nkflow.scales import Linear

__all__ = ["curve_of", "picture_of"]

PLAIN = Linear(T=1.0)  # display units that are their own data units: ln units of a band


def curve_of(density: Density) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return places and heights (n_bins, 2) of a density, display units."""
    bins = np.arange(len(density.height))
    return np.column_stack([density.low + density.step * (bins + 0.5), density.height])


def picture_of(cut: Resolved) -> CutPicture | None:
    """Return the drawing of a cut; None where there were no events to draw."""
    found = cut.answer
    density = found.density
    if density is None:
        return None
    ends = (density.low, density.low + density.step * len(density.height))
    title = f"{cut.name}: {found.method if not isinstance(found, Band) else 'singlet-band'} of {cut.document.channel}"
    if isinstance(found, Band):
        axis = Axis("ln height from the line", PLAIN, *ends)
        note = f"{found.n:,} events of {cut.document.of}, {100 * found.quality:.1f} % inside"
        low, high = cut.document.window
        edges, window = (found.lower, found.upper), (-high, -low)
        return CutPicture(axis, (curve_of(density),), window, edges, found.se, title=title, note=note)
    window = cut.window
    places, u, seen = _shown(found)
    axis = Axis(
        f"{cut.document.channel} in {cut.document.of}, {cut.source}",
        cut.scale or PLAIN,
        min(ends[0], window[0]),
        max(ends[1], window[1]),
    )
    return CutPicture(
        axis,
        (curve_of(density),),
        window,
        places,
        u,
        seen.candidates if seen is not None else (),
        title,
        _note(cut),
    )


def _shown(found: Cut | Ellipse | NoGate) -> tuple[tuple[float, ...], float, Cut | None]:
    """Return places, their uncertainty, and the cut whose candidates are drawn; an ellipse is its centre."""
    match found:
        case Cut():
            return (found.at,), found.u, found
        case Ellipse():
            return (found.centre[0],), found.se[0], None
        case NoGate():
            return (), 0.0, found.candidate


def _note(cut: Resolved) -> str:
    found = cut.answer
    match found:
        case NoGate():
            return f"no gate: {found.message}"
        case Ellipse():
            return (
                f"centre ({found.place[0]:.4g}, {found.place[1]:.4g}), u {100 * found.u:.2g} % of its size; "
                f"BIC gap {found.quality:.3g}"
            )
        case Cut():
            return (
                f"{place_in_words(cut, found.at)}, u {found.u:.2g} display units; quality {found.quality:.3g}"
            )
    return ""
