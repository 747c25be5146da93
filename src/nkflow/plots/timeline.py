"""One run over time: its event rate, the level of its signals, and what was removed of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nkflow.plots.text import escaped, shortened

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["REMOVED", "Band", "Timeline", "timeline_figure"]

Array = npt.NDArray[np.float64]

REMOVED = "#c2185b"
INK, RATE, BASELINE = "#1a1a1a", "#31688e", "#777777"
_WIDTH, _RATE_HEIGHT, _ROW_HEIGHT = 900, 220, 18
_FULL = 0.3  # difference of mean rank that is drawn in full colour
_DIVERGING = [[0.0, "#2166ac"], [0.5, "#f7f7f7"], [1.0, "#b2182b"]]


@dataclass(frozen=True)
class Band:
    """A part of the run that was removed: its begin and end, and the word for it."""

    begin: float
    end: float
    label: str


@dataclass(frozen=True, eq=False)
class Timeline:
    """A run in bins of equal time.

    Attributes
    ----------
    edges : (n_bins + 1,)
        Since the run began, in `unit`.
    rate, baseline : (n_bins,)
        Events per `unit`, and what the run's own baseline expects; NaN where a bin has no clock tick.
    channels
        Names of the rows of `shifts`.
    shifts : (n_channels, n_bins)
        Mean rank (0 to 1) of each channel less that of the run; NaN where a bin has no events.
    unit
        ``s`` or ``ticks``.
    """

    edges: Array
    rate: Array
    baseline: Array
    channels: tuple[str, ...]
    shifts: Array
    unit: str

    @property
    def middles(self) -> Array:
        """The middle of each bin, (n_bins,)."""
        return (self.edges[:-1] + self.edges[1:]) / 2


def timeline_figure(timeline: Timeline, bands: Sequence[Band] = (), *, title: str = "") -> go.Figure:
    """Return the event rate above the levels of all channels, `bands` shaded over both; not shown."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    rows = max(len(timeline.channels), 1) * _ROW_HEIGHT
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06, row_heights=[_RATE_HEIGHT, rows]
    )
    for y, colour, name in ((timeline.baseline, BASELINE, "baseline"), (timeline.rate, RATE, "event rate")):
        line = {"color": colour, "width": 1.2, "dash": "dot" if name == "baseline" else "solid"}
        figure.add_trace(
            go.Scatter(x=timeline.middles, y=y, mode="lines", line=line, name=name), row=1, col=1
        )
    figure.add_trace(
        go.Heatmap(
            x=timeline.middles, y=[_plain(name) for name in timeline.channels], z=timeline.shifts,
            colorscale=_DIVERGING, zmin=-_FULL, zmax=_FULL, hoverongaps=False,
            colorbar={"title": {"text": "rank"}, "thickness": 12},
            hovertemplate="%{y}: %{z:+.2f}<extra></extra>",
        ),
        row=2, col=1,
    )  # fmt: skip
    for band in bands:
        ends = {"x0": band.begin, "x1": band.end, "col": 1}
        figure.add_vrect(**ends, fillcolor=REMOVED, opacity=0.18, line_width=0, row=1)
        figure.add_vrect(**ends, line={"color": REMOVED, "width": 1}, row=2)
        figure.add_annotation(
            x=(band.begin + band.end) / 2, y=1.0, yref="y domain", yanchor="bottom", text=_plain(band.label),
            showarrow=False, font={"size": 11, "color": REMOVED}, row=1, col=1,
        )  # fmt: skip
    figure.update_yaxes(title={"text": f"events per {timeline.unit}"}, rangemode="tozero", row=1, col=1)
    figure.update_yaxes(autorange="reversed", row=2, col=1)
    figure.update_xaxes(title={"text": f"time, {timeline.unit}"}, row=2, col=1)
    figure.update_layout(
        template="none", width=_WIDTH, height=_RATE_HEIGHT + rows + 130, showlegend=False,
        title={"text": _plain(title)}, font={"family": "system-ui, Arial, sans-serif", "size": 12, "color": INK},
        margin={"l": 110, "r": 20, "t": 60, "b": 50},
    )  # fmt: skip
    return figure


def _plain(text: str) -> str:
    """Return text that plotly draws as it stands: no tag, no ``$...$`` for MathJax."""
    return escaped(shortened(text, 60)).replace("$", "&#36;")
