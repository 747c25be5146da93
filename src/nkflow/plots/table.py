"""A small escaped HTML table, for the rich displays of results in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nkflow.plots.text import escaped

__all__ = ["html_table"]


def html_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = "") -> str:
    """Return a table whose every cell is escaped text; numbers stand to the right.

    Parameters
    ----------
    columns
        The headings.
    rows
        One sequence a row, as long as `columns`. ``int`` gets separators of thousands, ``float`` six
        significant digits (a display, never a record), None a dash; everything else its ``str``.
    caption
        A line above the table.
    """
    head = "".join(f"<th>{escaped(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    above = f"<caption>{escaped(caption)}</caption>" if caption else ""
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    match value:
        case bool():
            text, number = str(value), False
        case int():
            text, number = f"{value:,}", True
        case float():
            text, number = f"{value:.6g}", True
        case None:
            text, number = "–", False
        case _:
            text, number = escaped(value), False
    side = "right" if number else "left"
    return f'<td style="text-align:{side}">{text}</td>'
