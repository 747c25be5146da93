"""The plots of one tube as static SVG, in gating order, for the page."""

from __future__ import annotations

from dataclasses import replace

from nkflow.acquisition.quality import Quality
from nkflow.gating.adaptive.explained_drawing import pictures_of
from nkflow.gating.drawing import Histogram
from nkflow.gating.result import Gating
from nkflow.plots.cut import picture_svg
from nkflow.plots.outline import Outline
from nkflow.plots.svg import density_svg, histogram_svg

__all__ = ["cut_drawings", "drawings", "timeline"]


def drawings(gating: Gating) -> tuple[str, ...]:
    """Return an SVG element for each parent and pair of axes on which a gate is drawn, in gating order.

    The title names the parent with its events: it is the reference of every percentage in the drawing.
    """
    return tuple(_drawing(gating, histogram) for histogram in gating.histograms)


def cut_drawings(gating: Gating) -> tuple[str, ...]:
    """Return SVG elements for each cut that was looked for in the tube: density, window, candidates, choice."""
    cuts = gating.resolution.cuts if gating.resolution else ()
    return tuple(picture_svg(picture) for cut in cuts for picture in pictures_of(cut))


def timeline(quality: Quality | None) -> str | None:
    """Return the event rate of a run over time with what was removed as an SVG element; None where it has no clock."""
    return None if quality is None or quality.timeline is None else quality.svg()


def _drawing(gating: Gating, histogram: Histogram) -> str:
    parent = histogram.population
    title = f"{'all events' if parent == 'root' else parent}: {gating.counts[parent]:,} = 100 %"
    outlines = [_short(outline, parent) for outline in histogram.outlines]
    if histogram.y is None:
        return histogram_svg(histogram.counts, x=histogram.x, outlines=outlines, title=title)
    return density_svg(histogram.counts, x=histogram.x, y=histogram.y, outlines=outlines, title=title)


def _short(outline: Outline, parent: str) -> Outline:
    """Leave out the reference where it is the parent, which the title names."""
    return replace(outline, frequency=outline.frequency.removesuffix(f" of {parent}"))
