"""Plotly figures: returned, never shown. The density is sent as a grid of bins, not as events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nkflow.plots.axis import Axis
from nkflow.plots.heights import Heights
from nkflow.plots.outline import COLOURS, Outline
from nkflow.plots.raster import COLOURS as RAMP
from nkflow.plots.raster import SPARSE, levels
from nkflow.plots.text import escaped, shortened

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Density", "add_density", "density_figure", "figure_html", "hierarchy_figure", "histogram_figure"]

SIZE = 520  # px, of one figure
SMALL = 300  # px, of one of the small multiples
INK = "#1a1a1a"


@dataclass(frozen=True, eq=False)
class Density:
    """One drawing of a hierarchy: (n_y, n_x) counts (row 0 the lowest y), axes, gates, title."""

    counts: npt.ArrayLike
    x: Axis
    y: Axis
    outlines: Sequence[Outline] = ()
    title: str = ""


def density_figure(
    counts: npt.ArrayLike, *, x: Axis, y: Axis, outlines: Sequence[Outline] = (), title: str = ""
) -> go.Figure:
    """Return a two-dimensional density with its gates; parameters as for `nkflow.plots.svg.density_svg`."""
    return hierarchy_figure([Density(counts, x, y, outlines, title)], columns=1, size=SIZE)


def hierarchy_figure(densities: Sequence[Density], *, columns: int = 3, size: int = SMALL) -> go.Figure:
    """Return densities side by side in the order given, `columns` in a row, each about `size` px wide."""
    from plotly.subplots import make_subplots

    columns = max(1, min(columns, len(densities)))
    rows = max(1, -(-len(densities) // columns))
    figure = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=[_plain(density.title, 60) for density in densities],
        horizontal_spacing=0.30 / columns,
        vertical_spacing=0.32 / rows,
    )
    for k, density in enumerate(densities):
        place = {"row": k // columns + 1, "col": k % columns + 1}
        add_density(figure, density, place)
    figure.update_layout(**_layout(width=columns * size + 60, height=rows * size + 60))
    return figure


def add_density(figure: go.Figure, density: Density, place: dict[str, int]) -> None:
    """Draw one density with its axes and gates into a row and column of a figure."""
    figure.add_trace(_heatmap(density), **place)
    _draw(figure, density.outlines, (density.x, density.y), place)
    figure.update_xaxes(**_axis(density.x), **place)
    figure.update_yaxes(**_axis(density.y), **place)


def histogram_figure(
    counts: npt.ArrayLike, *, x: Axis, outlines: Sequence[Outline] = (), title: str = ""
) -> go.Figure:
    """Return a one-dimensional histogram with its gates; parameters as for `svg.histogram_svg`."""
    import plotly.graph_objects as go

    y = Heights.of(counts)
    figure = go.Figure(
        go.Scatter(
            x=_middles(len(np.asarray(counts)), x), y=y.at(counts), customdata=np.asarray(counts),
            mode="lines", line={"shape": "hvh", "width": 1, "color": "#31688e"}, fill="tozeroy",
            hovertemplate="%{customdata} events<extra></extra>",
        )
    )  # fmt: skip
    _draw(figure, outlines, (x, y), {})
    figure.update_xaxes(**_axis(x))
    figure.update_yaxes(**_axis(y))
    figure.update_layout(**_layout(width=SIZE + 60, height=SIZE), title={"text": _plain(title, 80)})
    return figure


def figure_html(figure: go.Figure, *, div_id: str, plotly_js: bool | str = True) -> str:
    """Return `figure` as an HTML fragment, the same bytes each time (without `div_id` plotly draws lots)."""
    return str(figure.to_html(full_html=False, include_plotlyjs=plotly_js, div_id=div_id))


def _heatmap(density: Density) -> Any:
    import plotly.graph_objects as go

    counts = np.asarray(density.counts)
    levels(counts)  # refuses what is no histogram, with our own error
    shown = np.where(counts > 0, np.log10(np.maximum(counts, 1)), np.nan)
    x, y = _middles(counts.shape[1], density.x), _middles(counts.shape[0], density.y)
    ramp = [[k / (len(RAMP) - 1), colour] for k, colour in enumerate(RAMP)]
    return go.Heatmap(
        x=x, y=y, z=shown, customdata=counts, colorscale=ramp, showscale=False, zmin=0.0,
        zmax=float(np.log10(max(float(counts.max()), SPARSE))), hoverongaps=False,
        hovertemplate="%{customdata} events<extra></extra>",
    )  # fmt: skip


def _middles(n: int, axis: Axis) -> npt.NDArray[np.float64]:
    """Return the middles of `n` bins in display units."""
    return axis.low + (axis.high - axis.low) * (np.arange(n) + 0.5) / n


def _draw(
    figure: go.Figure,
    outlines: Sequence[Outline],
    axes: tuple[Axis, Axis | Heights],
    place: dict[str, int],
) -> None:
    """Add the lines and labels of gates."""
    import plotly.graph_objects as go

    tracks = [
        [_track(path.points + path.points[: path.closed], axes) for path in outline.paths]
        for outline in outlines
    ]
    for halo in (True, False):  # halos first, so that crossing lines stay whole
        for outline, lines in zip(outlines, tracks, strict=True):
            pen = {"color": "#ffffff", "width": 4} if halo else {"color": COLOURS[outline.kind], "width": 2}
            pen |= {"dash": "dash"} if outline.kind != "gate" and not halo else {}
            for across, up in lines:
                line = go.Scatter(
                    x=across, y=up, mode="lines", line=pen, name=_plain(outline.name, 60), hoverinfo="skip"
                )
                figure.add_trace(line, **place)
    for outline, lines in zip(outlines, tracks, strict=True):
        if outline.anchor is not None:
            lines = [_track([outline.anchor], axes)]
        if lines and (outline.name or outline.numbers):
            figure.add_annotation(**_label(outline, lines, axes), **place)


def _track(
    points: Sequence[tuple[float, float]], axes: tuple[Axis, Axis | Heights]
) -> tuple[list[float], list[float]]:
    """Return the x and the y of points in display units, cut off at the frame."""
    across, up = (
        [min(max(float(point[k]), axis.low), axis.high) for point in points] for k, axis in enumerate(axes)
    )
    return across, up


def _label(
    outline: Outline,
    lines: Sequence[tuple[list[float], list[float]]],
    axes: tuple[Axis, Axis | Heights],
) -> dict[str, Any]:
    xs = [value for across, _ in lines for value in across]
    up = max(value for _, ups in lines for value in ups)
    middle = (min(xs) + max(xs)) / 2
    share, height = float(axes[0].fraction(middle)), float(axes[1].fraction(up))
    return {
        "x": middle, "y": up,
        "text": "<br>".join(_plain(line, 40) for line in (outline.name, outline.numbers) if line),
        "xanchor": "left" if share < 0.34 else "right" if share > 0.66 else "center",
        "yanchor": "top" if height > 0.85 else "bottom", "showarrow": False,
        "font": {"size": 12, "color": INK}, "bgcolor": "rgba(255,255,255,0.75)",
    }  # fmt: skip


_FRAME = {
    "showgrid": False, "zeroline": False, "ticks": "outside", "linecolor": "#555555", "linewidth": 1,
    "mirror": True,
}  # fmt: skip


def _axis(axis: Axis | Heights) -> dict[str, Any]:
    return {
        **_FRAME,
        "title": {"text": _plain(axis.label, 60)},
        "range": [axis.low, axis.high],
        "tickvals": [mark.at for mark in axis.marks],
        "ticktext": [mark.text for mark in axis.marks],
    }


def _layout(*, width: int, height: int) -> dict[str, Any]:
    return {
        "template": "none",
        "width": width,
        "height": height,
        "showlegend": False,
        "font": {"family": "system-ui, Arial, Helvetica, sans-serif", "size": 13, "color": INK},
        "margin": {"l": 70, "r": 20, "t": 50, "b": 60},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
    }


def _plain(text: str, length: int) -> str:
    """Return text that plotly draws as it stands: no tag, no ``$...$`` for MathJax, no control character."""
    return escaped(shortened(text, length)).replace("$", "&#36;")
