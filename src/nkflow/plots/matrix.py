"""A matrix as a heat map: spillover, spreading or residual slopes, with names on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nkflow.plots.text import escaped, shortened

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Matrix", "matrix_figure", "matrix_svg"]

CELL, LEFT, TOP, RIGHT, BOTTOM = 34.0, 150.0, 118.0, 84.0, 20.0  # px
NAME_LENGTH = 20
FONT = "system-ui, 'Liberation Sans', Arial, Helvetica, sans-serif"
INK, EMPTY = "#1a1a1a", "#e4e4e4"
_DIVERGING = (
    (33, 102, 172),
    (247, 247, 247),
    (178, 24, 43),
)  # of ColorBrewer RdBu, safe for colour-blind readers
DARK = 0.65  # of full colour: letters are white from here on


@dataclass(frozen=True, eq=False)
class Matrix:
    """What is drawn.

    Attributes
    ----------
    row_names, column_names
        Names on the left and on top.
    values : (n_rows, n_columns)
        NaN is drawn grey.
    full
        The value in full colour; larger ones are drawn alike.
    marks
        A sign in each cell; None: the value itself, to two significant digits.
    rows, columns, title
        What stands on each side, and above.
    """

    row_names: Sequence[str]
    column_names: Sequence[str]
    values: npt.NDArray[np.float64] = field(repr=False)
    full: float
    marks: Sequence[Sequence[str]] | None = None
    rows: str = ""
    columns: str = ""
    title: str = ""

    def text(self, row: int, column: int) -> str:
        """Return what stands in a cell."""
        if self.marks is not None:
            return self.marks[row][column]
        value = float(self.values[row, column])
        if not np.isfinite(value):
            return ""
        return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3g}"


def matrix_figure(drawn: Matrix) -> go.Figure:
    """Return a plotly heat map; pointing at a cell tells its value."""
    import plotly.graph_objects as go

    shape = drawn.values.shape
    text = [[drawn.text(i, j) for j in range(shape[1])] for i in range(shape[0])]
    heat = go.Heatmap(
        z=np.where(np.isfinite(drawn.values), drawn.values, np.nan),
        x=list(drawn.column_names), y=list(drawn.row_names),
        text=text, texttemplate="%{text}", zmin=-drawn.full, zmax=drawn.full,
        colorscale=[[0.0, _css(-1.0)], [0.5, _css(0.0)], [1.0, _css(1.0)]],
        hovertemplate="%{y} → %{x}: %{z:.5f}<extra></extra>", xgap=1, ygap=1, hoverongaps=False,
    )  # fmt: skip
    figure = go.Figure(heat)
    figure.update_layout(
        title=drawn.title, width=260 + 46 * shape[1], height=220 + 36 * shape[0], plot_bgcolor=EMPTY
    )
    figure.update_xaxes(title=drawn.columns, side="top", showgrid=False, tickangle=-45)
    figure.update_yaxes(title=drawn.rows, autorange="reversed", showgrid=False)
    return figure


def matrix_svg(drawn: Matrix) -> str:
    """Return the heat map as one SVG element; the same matrix gives the same bytes."""
    n, m = drawn.values.shape
    width, height = LEFT + m * CELL + RIGHT, TOP + n * CELL + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" font-family="{FONT}" font-size="10.5" fill="{INK}">'
        f"<title>{escaped(drawn.title)}</title>",
        f'<text x="8" y="16" font-size="12" font-weight="600">{escaped(drawn.title)}</text>',
        f'<text x="8" y="{TOP - 10:g}" font-style="italic">{escaped(drawn.rows)} ↓</text>',
        f'<text x="8" y="{TOP - 26:g}" font-style="italic">{escaped(drawn.columns)} →</text>',
    ]
    for j, name in enumerate(drawn.column_names):
        x, y = LEFT + (j + 0.6) * CELL, TOP - 6
        words = escaped(shortened(name, NAME_LENGTH))
        parts.append(f'<text x="{x:g}" y="{y:g}" transform="rotate(-45 {x:g} {y:g})">{words}</text>')
    for i, name in enumerate(drawn.row_names):
        y = TOP + (i + 0.6) * CELL
        words = escaped(shortened(name, NAME_LENGTH))
        parts.append(f'<text x="{LEFT - 8:g}" y="{y:g}" text-anchor="end">{words}</text>')
    parts += _cells(drawn)
    return "\n".join([*parts, "</svg>"])


def _cells(drawn: Matrix) -> list[str]:
    """Return what stands in the field: grey below, a square for each value, white lines, what is written.

    A cell without a value and a mark costs no bytes: the grey below is said once to be what can't be assessed.
    """
    n, m = drawn.values.shape
    width, height = m * CELL, n * CELL
    known = [(i, j) for i, j in np.ndindex(n, m) if np.isfinite(drawn.values[i, j])]
    lines = "".join(f"M{LEFT + j * CELL:g} {TOP:g}v{height:g}" for j in range(1, m))
    lines += "".join(f"M{LEFT:g} {TOP + i * CELL:g}h{width:g}" for i in range(1, n))
    written = [_written(drawn, i, j) for i, j in np.ndindex(n, m) if drawn.text(i, j)]
    return [
        f'<rect x="{LEFT:g}" y="{TOP:g}" width="{width:g}" height="{height:g}" fill="{EMPTY}">'
        "<title>not assessable</title></rect>",
        *(_square(drawn, i, j) for i, j in known),
        f'<path d="{lines}" stroke="#ffffff" fill="none"/>',
        '<g text-anchor="middle" pointer-events="none">',
        *written,
        "</g>",
    ]


def _square(drawn: Matrix, row: int, column: int) -> str:
    x, y = LEFT + column * CELL, TOP + row * CELL
    value = float(drawn.values[row, column])
    hint = escaped(f"{drawn.row_names[row]} → {drawn.column_names[column]}: {value:+.5f}")
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{CELL:g}" height="{CELL:g}" fill="{_css(_part(drawn, value))}">'
        f"<title>{hint}</title></rect>"
    )


def _written(drawn: Matrix, row: int, column: int) -> str:
    x, y = LEFT + (column + 0.5) * CELL, TOP + (row + 0.6) * CELL
    ink = ' fill="#ffffff"' if abs(_part(drawn, float(drawn.values[row, column]))) > DARK else ""
    return f'<text x="{x:g}" y="{y:g}"{ink}>{escaped(drawn.text(row, column))}</text>'


def _part(drawn: Matrix, value: float) -> float:
    """Return the value as a part of full colour, -1 to 1; NaN stays."""
    return min(max(value / drawn.full, -1.0), 1.0) if np.isfinite(value) else float("nan")


def _css(part: float) -> str:
    """Return the colour of -1 (blue) over 0 (nearly white) to 1 (red)."""
    low, middle, high = (np.array(colour, dtype=np.float64) for colour in _DIVERGING)
    colour = middle + abs(part) * ((high if part > 0 else low) - middle)
    return "#" + "".join(f"{round(float(channel)):02x}" for channel in colour)
