"""The event rate of a run over time as one static drawing; the same bytes twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nkflow.plots.text import escaped, shortened
from nkflow.plots.timeline import BASELINE, INK, RATE, REMOVED, Band, Timeline

__all__ = ["timeline_svg"]

_WIDTH, _HEIGHT = 560.0, 130.0  # of the frame, in px
_LEFT, _TOP, _RIGHT, _BOTTOM = 46.0, 34.0, 10.0, 36.0
_FONT = "system-ui, 'Liberation Sans', Arial, Helvetica, sans-serif"
_LETTER = 6.0  # px of an 11 px letter, about


def timeline_svg(timeline: Timeline, bands: Sequence[Band] = (), *, title: str = "") -> str:
    """Return the event rate, its baseline and the shaded `bands` as one SVG element."""
    total = float(timeline.edges[-1]) or 1.0
    seen = timeline.rate[np.isfinite(timeline.rate)]
    top = 1.1 * max(float(seen.max(initial=0.0)), 1e-9)
    width, height = _LEFT + _WIDTH + _RIGHT, _TOP + _HEIGHT + _BOTTOM
    floor = _TOP + _HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_px(width)} {_px(height)}" '
        f'width="{_px(width)}" height="{_px(height)}" role="img" font-family="{_FONT}" font-size="11" '
        f'fill="{INK}"><title>{escaped(title)}</title>',
        _text(_LEFT, 13, shortened(title, 80), 'font-weight="600"', anchor="start"),
        *_bands(bands, total),
        _curve(timeline, timeline.baseline / top, f'stroke="{BASELINE}" stroke-dasharray="3 3"'),
        _curve(timeline, timeline.rate / top, f'stroke="{RATE}" stroke-width="1.3"'),
        f'<rect x="{_px(_LEFT)}" y="{_px(_TOP)}" width="{_px(_WIDTH)}" height="{_px(_HEIGHT)}" fill="none" '
        f'stroke="#555555"/>',
        _text(_LEFT - 5, _TOP + 9, f"{top:.3g}", anchor="end"),
        _text(_LEFT - 5, floor, "0", anchor="end"),
        _text(_LEFT, floor + 14, "0", anchor="start"),
        _text(_LEFT + _WIDTH, floor + 14, f"{total:.4g}", anchor="end"),
        _text(_LEFT + _WIDTH / 2, floor + 28, f"time, {timeline.unit}; events per {timeline.unit}"),
    ]
    return "\n".join([*parts, "</svg>"])


def _bands(bands: Sequence[Band], total: float) -> list[str]:
    """Return the shaded parts; a label that would touch the one before is left to the list beside the drawing."""
    parts: list[str] = []
    free = _LEFT
    for band in bands:
        left = _LEFT + _WIDTH * band.begin / total
        wide = max(_WIDTH * (band.end - band.begin) / total, 1.0)
        parts.append(
            f'<rect x="{_px(left)}" y="{_px(_TOP)}" width="{_px(wide)}" height="{_px(_HEIGHT)}" '
            f'fill="{REMOVED}" fill-opacity="0.2"/>'
        )
        half = _LETTER * len(band.label) / 2
        middle = min(max(left + wide / 2, _LEFT + half), _LEFT + _WIDTH - half)
        if middle - half >= free:
            parts.append(_text(middle, _TOP - 5, band.label, f'fill="{REMOVED}"'))
            free = middle + half + _LETTER
    return parts


def _curve(timeline: Timeline, heights: np.ndarray, style: str) -> str:
    """Return one line through the middles of the bins; it breaks where a height is not known."""
    across = _LEFT + _WIDTH * timeline.middles / (float(timeline.edges[-1]) or 1.0)
    down = _TOP + _HEIGHT * (1.0 - np.clip(heights, 0.0, 1.0))
    steps, pen = [], "M"
    for x, y in zip(across.tolist(), down.tolist(), strict=True):
        if np.isfinite(y):
            steps.append(f"{pen}{_px(x)} {_px(y)}")
        pen = "L" if np.isfinite(y) else "M"
    return f'<path d="{"".join(steps)}" fill="none" {style}/>'


def _text(across: float, down: float, text: str, extra: str = "", *, anchor: str = "middle") -> str:
    gap = " " if extra else ""
    return (
        f'<text x="{_px(across)}" y="{_px(down)}" text-anchor="{anchor}"{gap}{extra}>{escaped(text)}</text>'
    )


def _px(value: float) -> str:
    """Return a length in px to a tenth, without a negative zero."""
    return f"{round(float(value), 1) + 0.0:g}"
