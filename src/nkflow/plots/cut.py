"""One cut over the density it was found on: window, candidates, choice and its uncertainty. Knows no gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nkflow.plots.axis import Axis
from nkflow.plots.figure import Density, add_density
from nkflow.plots.svg import density_svg
from nkflow.plots.text import escaped, shortened

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["CutPicture", "cut_svg", "cuts_figure", "picture_svg"]

CUT, WINDOW, CURVE, INK, QUIET = "#c2185b", "#4c9f70", "#31688e", "#1a1a1a", "#777777"
_FONT = "system-ui, 'Liberation Sans', Arial, Helvetica, sans-serif"
_WIDTH, _HEIGHT = 340.0, 130.0  # of the frame, px
_LEFT, _TOP, _RIGHT, _BOTTOM = 12.0, 38.0, 12.0, 40.0
_AIR = 0.94  # the highest place of a density ends here
_PER_LINE = 62  # characters of 10.5 px that a drawing is wide


@dataclass(frozen=True, eq=False)
class CutPicture:
    """What is drawn of one cut; all places in display units.

    Attributes
    ----------
    axis
        The channel, on its scale.
    curves : each (n_bins, 2)
        Places and heights of one density or several (one a tube), drawn as the square root.
    window
        Where the cut may lie.
    at, u
        The cut and its standard uncertainty; None where there is no gate.
    candidates
        Other places that were considered.
    title, note
        Lines above the frame.
    before
        Window and cut of another template, drawn quietly.
    """

    axis: Axis
    curves: tuple[NDArray[np.float64], ...] = field(repr=False)
    window: tuple[float, float] | None = None
    at: tuple[float, ...] = ()
    u: float = 0.0
    candidates: tuple[float, ...] = ()
    title: str = ""
    note: str = ""
    before: tuple[float, ...] = ()


def cut_svg(picture: CutPicture) -> str:
    """Return the cut as one static SVG element, the same bytes each time."""
    width, height, floor = _LEFT + _WIDTH + _RIGHT, _TOP + _HEIGHT + _BOTTOM, _TOP + _HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_px(width)} {_px(height)}" '
        f'width="{_px(width)}" height="{_px(height)}" role="img" font-family="{_FONT}" font-size="10.5" '
        f'fill="{INK}"><title>{escaped(picture.title)}</title>',
        _text(_LEFT, 14, shortened(picture.title, 52), 'font-size="12" font-weight="600"', anchor="start"),
        _text(_LEFT, 29, shortened(picture.note, _PER_LINE), f'fill="{QUIET}"', anchor="start"),
        *_bands(picture),
        *(_curve(picture, curve) for curve in picture.curves),
        *(_upright(picture, at, f'stroke="{QUIET}" stroke-dasharray="2 3"') for at in picture.before),
        *(_mark(picture, at) for at in picture.candidates),
        *(_upright(picture, at, _pen(len(picture.at))) for at in picture.at),
        f'<rect x="{_px(_LEFT)}" y="{_px(_TOP)}" width="{_px(_WIDTH)}" height="{_px(_HEIGHT)}" fill="none" '
        'stroke="#555555"/>',
    ]
    for mark in picture.axis.marks:
        at = _across(picture, mark.at)
        parts.append(
            f'<path d="M{_px(at)} {_px(floor)}V{_px(floor + (5 if mark.text else 3))}" stroke="#555555"/>'
        )
        if mark.text:
            parts.append(_text(at, floor + 16, mark.text))
    parts.append(_text(_LEFT + _WIDTH / 2, floor + 32, shortened(picture.axis.label, 42)))
    return "\n".join([*parts, "</svg>"])


def picture_svg(picture: CutPicture | Density) -> str:
    """Return a cut, or an outline on two channels, as one static SVG element."""
    if isinstance(picture, CutPicture):
        return cut_svg(picture)
    return density_svg(
        picture.counts, x=picture.x, y=picture.y, outlines=picture.outlines, title=picture.title
    )


def cuts_figure(pictures: Sequence[CutPicture | Density], *, columns: int = 2) -> go.Figure:
    """Return cuts, and outlines on two channels, side by side as a plotly figure, not shown."""
    from plotly.subplots import make_subplots

    columns = max(1, min(columns, len(pictures)))
    rows = max(1, -(-len(pictures) // columns))
    figure = make_subplots(
        rows=rows, cols=columns, subplot_titles=list(map(_heading, pictures)), vertical_spacing=0.35 / rows
    )
    for k, picture in enumerate(pictures):
        place = {"row": k // columns + 1, "col": k % columns + 1}
        if isinstance(picture, CutPicture):
            _add_cut(figure, picture, place)
        else:
            add_density(figure, picture, place)
    figure.update_layout(
        template="none", showlegend=False, width=460 * columns + 80, height=280 * rows + 60,
        margin={"l": 70, "r": 20, "t": 50, "b": 50}, font={"size": 12, "color": INK},
    )  # fmt: skip
    figure.update_annotations(font_size=12)
    return figure


def _heading(picture: CutPicture | Density) -> str:
    lines = (picture.title, picture.note if isinstance(picture, CutPicture) else "")
    return "<br>".join(map(_plain, filter(None, lines)))


def _add_cut(figure: go.Figure, picture: CutPicture, place: dict[str, Any]) -> None:
    import plotly.graph_objects as go

    for curve in picture.curves:
        line = {"width": 1.2, "color": CURVE}
        figure.add_trace(
            go.Scatter(x=curve[:, 0], y=np.sqrt(curve[:, 1]), mode="lines", line=line, hoverinfo="x"), **place
        )
    if picture.window is not None:
        ends = _inside(picture, picture.window)
        figure.add_vrect(x0=ends[0], x1=ends[1], fillcolor=WINDOW, opacity=0.15, line_width=0, **place)
    for at in picture.candidates:
        figure.add_vline(x=at, line={"color": QUIET, "width": 1, "dash": "dot"}, **place)
    for at in picture.at:
        figure.add_vline(x=at, line={"color": CUT, "width": 2}, **place)
        if picture.u:
            figure.add_vrect(
                x0=at - picture.u, x1=at + picture.u, fillcolor=CUT, opacity=0.2, line_width=0, **place
            )
    marks = picture.axis.marks
    figure.update_xaxes(
        title={"text": _plain(picture.axis.label)}, range=[picture.axis.low, picture.axis.high],
        tickvals=[mark.at for mark in marks], ticktext=[mark.text for mark in marks], showgrid=False,
        zeroline=False, **place,
    )  # fmt: skip
    figure.update_yaxes(showticklabels=False, rangemode="tozero", showgrid=False, zeroline=False, **place)


def _bands(picture: CutPicture) -> list[str]:
    """Return the shaded window, and the shaded uncertainty of the cut."""
    parts = []
    if picture.window is not None:
        parts.append(_band(picture, picture.window, WINDOW, 0.15))
    if picture.u:
        parts += [_band(picture, (at - picture.u, at + picture.u), CUT, 0.25) for at in picture.at]
    return parts


def _band(picture: CutPicture, ends: tuple[float, float], colour: str, strength: float) -> str:
    left, right = (_across(picture, end) for end in ends)
    return (
        f'<rect x="{_px(left)}" y="{_px(_TOP)}" width="{_px(max(right - left, 0.5))}" height="{_px(_HEIGHT)}" '
        f'fill="{colour}" fill-opacity="{strength}"/>'
    )


def _curve(picture: CutPicture, curve: NDArray[np.float64]) -> str:
    top = float(curve[:, 1].max()) or 1.0
    down = _TOP + _HEIGHT * (1 - _AIR * np.sqrt(curve[:, 1] / top))
    across = _LEFT + _WIDTH * picture.axis.fraction(curve[:, 0])
    steps = " ".join(f"{_px(x)},{_px(y)}" for x, y in zip(across.tolist(), down.tolist(), strict=True))
    alone = len(picture.curves) == 1
    fill = f'fill="{CURVE}" fill-opacity="0.2"' if alone else 'fill="none"'
    return f'<polyline points="{steps}" {fill} stroke="{CURVE}" stroke-width="{1.2 if alone else 0.8}"/>'


def _upright(picture: CutPicture, at: float, style: str) -> str:
    across = _across(picture, at)
    return f'<path d="M{_px(across)} {_px(_TOP)}V{_px(_TOP + _HEIGHT)}" {style}/>'


def _pen(count: int) -> str:
    """Return the pen for one of so many cuts: thin where many stand side by side."""
    return f'stroke="{CUT}" stroke-width="{1.6 if count <= 2 else 0.6}"'


def _mark(picture: CutPicture, at: float) -> str:
    """Return a small triangle on the base line: a place that was considered."""
    across, floor = _across(picture, at), _TOP + _HEIGHT
    return f'<path d="M{_px(across - 4)} {_px(floor)}h8l-4 -7z" fill="{QUIET}"/>'


def _across(picture: CutPicture, at: float) -> float:
    return _LEFT + _WIDTH * float(picture.axis.fraction(at))


def _inside(picture: CutPicture, ends: tuple[float, float]) -> tuple[float, float]:
    return max(ends[0], picture.axis.low), min(ends[1], picture.axis.high)


def _text(across: float, down: float, text: str, extra: str = "", *, anchor: str = "middle") -> str:
    gap = " " if extra else ""
    return (
        f'<text x="{_px(across)}" y="{_px(down)}" text-anchor="{anchor}"{gap}{extra}>{escaped(text)}</text>'
    )


def _plain(text: str) -> str:
    """Return text that plotly draws as it stands."""
    return escaped(shortened(text, 70)).replace("$", "&#36;")


def _px(value: float) -> str:
    """Return a length in px to a tenth, without a negative zero."""
    return f"{round(float(value), 1) + 0.0:g}"
