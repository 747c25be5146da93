"""Static drawings: SVG by hand, the density inside it as a PNG; the same bytes twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from nkflow.plots.axis import Axis
from nkflow.plots.heights import Heights
from nkflow.plots.labels import LINE_HEIGHT, Box, Label, settle
from nkflow.plots.outline import COLOURS, Outline
from nkflow.plots.raster import data_uri
from nkflow.plots.text import escaped, shortened

__all__ = ["density_svg", "histogram_svg"]

SIDE = 250.0  # of the square frame, in px
LEFT, TOP, RIGHT, BOTTOM = 52.0, 26.0, 10.0, 42.0
FONT = "system-ui, 'Liberation Sans', Arial, Helvetica, sans-serif"
INK, LINE = "#1a1a1a", "#555555"
LABEL_LENGTH, TITLE_LENGTH = 28, 42
HALO = (
    'font-weight="600" stroke="#ffffff" stroke-width="3" stroke-linejoin="round" style="paint-order:stroke"'
)


def density_svg(
    counts: npt.ArrayLike, *, x: Axis, y: Axis, outlines: Sequence[Outline] = (), title: str = ""
) -> str:
    """Return a two-dimensional density with its gates as one SVG element.

    Parameters
    ----------
    counts
        (n_y, n_x) events per bin; row 0 is the lowest y, column 0 the lowest x.
    x, y
        The axes; their ends are the outer edges of the bins.
    outlines
        Gates to draw over it.
    title
        Printed above the frame, and read out by screen readers.

    Raises
    ------
    InvalidValueError
        Where `counts` is not a 2-D array of non-negative numbers.
    """
    picture = (
        f'<image x="{_px(LEFT)}" y="{_px(TOP)}" width="{_px(SIDE)}" height="{_px(SIDE)}" '
        f'preserveAspectRatio="none" style="image-rendering:pixelated" href="{data_uri(counts)}"/>'
    )
    return _document(title, [picture, *_frame(x, y), *_gates(outlines, x, y)])


def histogram_svg(
    counts: npt.ArrayLike, *, x: Axis, outlines: Sequence[Outline] = (), title: str = ""
) -> str:
    """Return a one-dimensional histogram with its gates as one SVG element.

    Parameters
    ----------
    counts
        (n,) events per bin, from the low end of `x` to its high end.
    x, outlines, title
        As in `density_svg`; the y of an outline runs from 0 (the base line) to 1 (the top).
    """
    y = Heights.of(counts)
    height = y.at(counts)
    edge = np.repeat(np.linspace(0, 1, height.size + 1), 2)[1:-1]
    steps = zip(LEFT + SIDE * edge, TOP + SIDE * (1 - np.repeat(height, 2)), strict=True)
    line = " ".join(f"{_px(across)},{_px(down)}" for across, down in steps)
    base = f"{_px(LEFT + SIDE)},{_px(TOP + SIDE)} {_px(LEFT)},{_px(TOP + SIDE)}"
    area = f'<polygon points="{line} {base}" fill="#31688e" fill-opacity="0.55" stroke="#31688e"/>'
    return _document(title, [area, *_frame(x, y), *_gates(outlines, x, y)])


def _document(title: str, parts: Iterable[str]) -> str:
    width, height = LEFT + SIDE + RIGHT, TOP + SIDE + BOTTOM
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_px(width)} {_px(height)}" '
        f'width="{_px(width)}" height="{_px(height)}" role="img" font-family="{FONT}" font-size="10.5" '
        f'fill="{INK}"><title>{escaped(title)}</title>'
    )
    heading = _text(
        LEFT + SIDE / 2, TOP - 10, shortened(title, TITLE_LENGTH), 'font-size="12" font-weight="600"'
    )
    return "\n".join([head, heading, *parts, "</svg>"])


def _frame(x: Axis, y: Axis | Heights) -> list[str]:
    """Return the frame with ticks and axis labels."""
    parts = [
        f'<rect x="{_px(LEFT)}" y="{_px(TOP)}" width="{_px(SIDE)}" height="{_px(SIDE)}" fill="none" '
        f'stroke="{LINE}"/>'
    ]
    floor, middle = TOP + SIDE, TOP + SIDE / 2
    for mark in x.marks:
        at, length = LEFT + SIDE * float(x.fraction(mark.at)), 5 if mark.text else 3
        parts.append(_line(at, floor, at, floor + length))
        if mark.text:
            parts.append(_text(at, floor + 16, mark.text))
    for mark in y.marks:
        at, length = floor - SIDE * float(y.fraction(mark.at)), 5 if mark.text else 3
        parts.append(_line(LEFT - length, at, LEFT, at))
        if mark.text:
            parts.append(_text(LEFT - 7, at + 3.5, mark.text, anchor="end"))
    parts.append(_text(LEFT + SIDE / 2, floor + 34, shortened(x.label, TITLE_LENGTH), 'font-size="11.5"'))
    turned = f'font-size="11.5" transform="rotate(-90 11 {_px(middle)})"'
    return [*parts, _text(11, middle, shortened(y.label, TITLE_LENGTH), turned)]


def _gates(outlines: Sequence[Outline], x: Axis, y: Axis | Heights) -> list[str]:
    """Return white halos, then the lines over them, then the labels over all."""
    halos, lines, wishes = [], [], []
    for outline in outlines:
        tracks = [_track(path.points, x, y) for path in outline.paths]
        for path, track in zip(outline.paths, tracks, strict=True):
            halos.append(_shape(track, path.closed, "#ffffff", 3.6))
            dashed = outline.kind != "gate"
            lines.append(_shape(track, path.closed, COLOURS[outline.kind], 1.6, dashed=dashed))
        if outline.name or outline.numbers:
            wishes.append(_wish(outline, tracks, x, y))
    labels = settle(wishes, Box(LEFT, TOP, LEFT + SIDE, TOP + SIDE))
    return [*halos, *lines, *(_label(label) for label in labels)]


def _shape(
    track: Sequence[tuple[float, float]], closed: bool, colour: str, width: float, *, dashed: bool = False
) -> str:
    points = " ".join(f"{_px(across)},{_px(down)}" for across, down in track)
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<{"polygon" if closed else "polyline"} points="{points}" fill="none" stroke="{colour}" '
        f'stroke-width="{width}" stroke-linejoin="round"{dashes}/>'
    )


def _track(points: Sequence[tuple[float, float]], x: Axis, y: Axis | Heights) -> list[tuple[float, float]]:
    """Return points in px, cut off at the frame."""
    across, up = (axis.fraction([point[k] for point in points]) for k, axis in enumerate((x, y)))
    return [(LEFT + SIDE * float(a), TOP + SIDE * (1 - float(u))) for a, u in zip(across, up, strict=True)]


def _wish(
    outline: Outline, tracks: Sequence[Sequence[tuple[float, float]]], x: Axis, y: Axis | Heights
) -> Label:
    """Return the label where it would like to stand: at its anchor, else above or beside its lines."""
    lines = tuple(shortened(line, LABEL_LENGTH) for line in (outline.name, outline.numbers) if line)
    if outline.anchor is not None:
        return Label(lines, *_track([outline.anchor], x, y)[0])
    points = [point for track in tracks for point in track] or [(LEFT, TOP)]
    left, right = min(point[0] for point in points), max(point[0] for point in points)
    top = min(point[1] for point in points)
    above = top - 5 - LINE_HEIGHT * (len(lines) - 1)
    if above >= TOP + LINE_HEIGHT:
        return Label(lines, (left + right) / 2, above)
    if len(tracks) > 1:  # between two lines
        return Label(lines, (left + right) / 2, top + LINE_HEIGHT)
    if right < LEFT + 0.6 * SIDE:
        return Label(lines, right + 5, top + LINE_HEIGHT, "start")
    if left > LEFT + 0.4 * SIDE:
        return Label(lines, left - 5, top + LINE_HEIGHT, "end")
    return Label(lines, (left + right) / 2, top + LINE_HEIGHT)


def _label(label: Label) -> str:
    return "".join(
        _text(label.across, label.down + LINE_HEIGHT * k, line, HALO, anchor=label.anchor)
        for k, line in enumerate(label.lines)
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{_px(x1)} {_px(y1)}L{_px(x2)} {_px(y2)}" stroke="{LINE}"/>'


def _text(across: float, down: float, text: str, extra: str = "", *, anchor: str = "middle") -> str:
    gap = " " if extra else ""
    return (
        f'<text x="{_px(across)}" y="{_px(down)}" text-anchor="{anchor}"{gap}{extra}>{escaped(text)}</text>'
    )


def _px(value: float) -> str:
    """Return a length in px to a tenth, without a negative zero."""
    return f"{round(float(value), 1) + 0.0:g}"
