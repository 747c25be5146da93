"""What a gating hands to the plots: histograms with the outlines of gates, by name and by number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkflow.errors import GatingError
from nkflow.gating.drawing import Drawing
from nkflow.gating.evaluable import NotEvaluable
from nkflow.gating.gates import Quadrant
from nkflow.gating.outline import anchor, paths
from nkflow.plots.outline import Outline

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from nkflow.gating.result import Gating

__all__ = ["outlines_of", "population_figure"]


def population_figure(gating: Gating, name: str) -> go.Figure:
    """Return the gate that makes `name` over the events of its parent, as a plotly figure.

    Raises
    ------
    GatingError
        Where the gate has no axes (boolean, root), or histograms were not counted.
    """
    from nkflow.plots.figure import density_figure, histogram_figure

    histogram = gating.histogram(name)
    if histogram is None:
        raise GatingError(
            f"there is no drawing of '{name}'",
            code="not-drawn",
            found="a boolean gate, root, or a gating without histograms",
            next_step="Draw one of: " + ", ".join(o.name for h in gating.histograms for o in h.outlines),
        )
    title = f"{histogram.population}: {gating.counts[histogram.population]:,} events"
    if histogram.y is None:
        return histogram_figure(histogram.counts, x=histogram.x, outlines=histogram.outlines, title=title)
    return density_figure(
        histogram.counts, x=histogram.x, y=histogram.y, outlines=histogram.outlines, title=title
    )


def outlines_of(gating: Gating, drawing: Drawing) -> tuple[Outline, ...]:
    """Return the outlines of the gates of `drawing` with their counts and frequencies."""
    tree = gating.template.tree
    axes = [drawing.x] if drawing.y is None else [drawing.x, drawing.y]
    outlines = []
    for entry in drawing.entries:
        gate = gating.template.populations[entry].gate
        lines = paths(gate, axes)
        for index, node in enumerate(tree.nodes):
            if node.entry == entry and index not in gating.not_evaluable:
                key = tree.keys[index]
                found = gating.frequency(key)
                share = "" if isinstance(found, NotEvaluable) else f"{100 * found.value:.3g} % of {found.of}"
                corner = anchor(gate, node.outcome, axes) if isinstance(gate, Quadrant) else None
                outlines.append(Outline(node.name, lines, gating.counts[key], share, corner))
                lines = ()  # the outcomes of a quadrant share theirs
    return tuple(outlines)
