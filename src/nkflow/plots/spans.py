"""How far each of several places may move to either side before something changes: bars on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nkflow.plots.text import escaped, shortened

__all__ = ["Span", "spans_svg"]

FREE, CHANGE, SURE, INK, QUIET = "#cfe5d6", "#c2185b", "#31688e", "#1a1a1a", "#777777"
_FONT = "system-ui, 'Liberation Sans', Arial, Helvetica, sans-serif"
_NAMES, _WIDTH, _ROW, _TOP, _BOTTOM, _RIGHT = 150.0, 440.0, 22.0, 30.0, 40.0, 14.0
_LEAST, _MOST = 0.05, 0.4  # of the scale's half


@dataclass(frozen=True)
class Span:
    """One row.

    Attributes
    ----------
    name
        What moves.
    down, up
        Distance until something changes, >= 0; None where nothing does.
    u
        Standard uncertainty of the place, or None.
    words
        What it changes to below and above.
    """

    name: str
    down: float | None
    up: float | None
    u: float | None = None
    words: tuple[str, str] = ("", "")


def spans_svg(spans: Sequence[Span], *, title: str, unit: str) -> str:
    """Return the rows as one SVG element; a bar that leaves the scale has no end there."""
    ends = [end for span in spans for end in (span.down, span.up) if end is not None]
    half = min(max([_LEAST, *(1.15 * end for end in ends)]), _MOST)
    floor = _TOP + _ROW * len(spans)
    width, height = _NAMES + _WIDTH + _RIGHT, floor + _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_px(width)} {_px(height)}" '
        f'width="{_px(width)}" height="{_px(height)}" role="img" font-family="{_FONT}" font-size="10.5" '
        f'fill="{INK}"><title>{escaped(title)}</title>',
        _text(0, 14, shortened(title, 90), 'font-size="12" font-weight="600"', anchor="start"),
    ]
    for k, span in enumerate(spans):
        parts += _row(span, _TOP + _ROW * k, half)
    middle = _across(0.0, half)
    parts.append(f'<path d="M{_px(middle)} {_px(_TOP)}V{_px(floor)}" stroke="{INK}"/>')
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        at = _across(share * half, half)
        parts.append(f'<path d="M{_px(at)} {_px(floor)}v4" stroke="#555555"/>')
        sign = "" if share == 0 else "+" if share > 0 else "−"
        parts.append(_text(at, floor + 15, f"{sign}{abs(share) * half:.2g}"))
    parts.append(_text(_NAMES + _WIDTH / 2, floor + 31, shortened(unit, 90)))
    return "\n".join([*parts, "</svg>"])


def _row(span: Span, top: float, half: float) -> list[str]:
    middle, low, high = top + _ROW / 2, top + 4, _ROW - 8
    left = _across(-half if span.down is None else -min(span.down, half), half)
    right = _across(half if span.up is None else min(span.up, half), half)
    parts = [
        _text(_NAMES - 8, middle + 3.5, shortened(span.name, 24), anchor="end"),
        _bar(left, right, low, high, FREE),
    ]
    if span.u:
        parts.append(
            _bar(_across(-min(span.u, half), half), _across(min(span.u, half), half), low + 4, high - 8, SURE)
        )
    for end, sign, word in ((span.down, -1, span.words[0]), (span.up, 1, span.words[1])):
        if end is None or end > half:
            continue
        at = _across(sign * end, half)
        parts.append(f'<path d="M{_px(at)} {_px(low)}v{_px(high)}" stroke="{CHANGE}" stroke-width="2"/>')
        beside = at + sign * 4
        inner = (sign < 0 and beside - _NAMES < 75) or (sign > 0 and _NAMES + _WIDTH - beside < 75)
        anchor = "end" if (sign < 0) is not inner else "start"
        parts.append(
            _text(at - sign * 4 if inner else beside, middle + 3.5, word, f'fill="{CHANGE}"', anchor=anchor)
        )
    return parts


def _bar(left: float, right: float, top: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{_px(left)}" y="{_px(top)}" width="{_px(max(right - left, 0.5))}" height="{_px(height)}" '
        f'fill="{colour}"/>'
    )


def _across(at: float, half: float) -> float:
    return _NAMES + _WIDTH * (at + half) / (2 * half)


def _text(across: float, down: float, text: str, extra: str = "", *, anchor: str = "middle") -> str:
    gap = " " if extra else ""
    return (
        f'<text x="{_px(across)}" y="{_px(down)}" text-anchor="{anchor}"{gap}{extra}>{escaped(text)}</text>'
    )


def _px(value: float) -> str:
    """Return a length in px to a tenth, without a negative zero."""
    return f"{round(float(value), 1) + 0.0:g}"
