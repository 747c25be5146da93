"""How a `Quality` shows itself: figure, drawing, and a few lines of HTML for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkflow.errors import DataError
from nkflow.plots.text import escaped
from nkflow.plots.timeline import Band, Timeline, timeline_figure
from nkflow.plots.timeline_svg import timeline_svg

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from nkflow.acquisition.quality import Quality

__all__ = ["figure_of", "html_of", "svg_of"]


def figure_of(quality: Quality) -> go.Figure:
    """Return the plotly figure of a run."""
    return timeline_figure(_timeline(quality), _bands(quality), title=_title(quality))


def svg_of(quality: Quality) -> str:
    """Return the event rate of a run as one SVG element."""
    return timeline_svg(_timeline(quality), _bands(quality), title=_title(quality))


def html_of(quality: Quality) -> str:
    """Return what was removed and why as HTML, the drawing above it where there is one."""
    drawing = "" if quality.timeline is None else svg_of(quality)
    rows = "".join(
        f"<tr><td>{segment.reason}</td><td>{segment.begin:.4g}–{segment.end:.4g} {quality.time_unit}</td>"
        f"<td>{segment.events}</td><td>{escaped(', '.join(segment.channels[:6]))}</td></tr>"
        for segment in quality.segments
    )
    head = "<tr><th>removed for</th><th>time</th><th>events</th><th>channels</th></tr>"
    table = f"<table>{head}{rows}</table>" if rows else ""
    notes = "".join(
        f"<li>{finding.severity}: {escaped(finding.message)}</li>" for finding in quality.findings
    )
    return f"<div>{drawing}<p>{escaped(_title(quality))}</p>{table}<ul>{notes}</ul></div>"


def _timeline(quality: Quality) -> Timeline:
    if quality.timeline is None:
        raise DataError(
            "the run can't be drawn over time",
            where=quality.name,
            found=quality.reason,
            expected="a clock that runs forward",
        )
    return quality.timeline


def _bands(quality: Quality) -> tuple[Band, ...]:
    timed = (segment for segment in quality.segments if segment.reason != "margin")
    return tuple(Band(segment.begin, segment.end, segment.reason) for segment in timed)


def _title(quality: Quality) -> str:
    name = quality.name or "run"
    if not quality.assessable:
        return f"{name}: not assessable, {quality.reason}"
    kept = quality.kept_time
    return f"{name}: {100 * (1.0 if kept is None else kept):.1f} % of the time kept"
