"""Margin to flip on the page: a table and a small picture, the boundary that matters most first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nkflow.plots.spans import Span, spans_svg
from nkflow.plots.text import shortened
from nkflow.release.page.model import Cell, Section, Table, number, strong, text, verdict
from nkflow.release.page.numbers import DASH

__all__ = ["margin"]

Record = Mapping[str, Any]


def margin(record: Record) -> Section:
    """Return how far every boundary may move before the verdict changes."""
    found = record["margins"]
    rows = found["boundaries"]
    if not rows:
        return Section("margin", "Margin to flip", "none", lead=(f"Not computed: {found['reason']}.",))
    most = next((row for row in rows if row["name"] == found["most"]), None)
    whose = "lot" if found["of"] == "lot" else "numbers alone"
    return Section(
        "margin",
        "Margin to flip",
        "no boundary alone changes the verdict" if most is None else f"{most['name']}: {_least(most)}",
        lead=(
            f"How far each boundary of the gates may move, alone and in all tubes at once, before the verdict of the "
            f"{whose} ({found['verdict']}) changes. The events that it passes were counted, and the lot was judged "
            "anew. u is the standard uncertainty of a boundary that was found in the data; a margin of few u says that "
            "the verdict hangs on it.",
        ),
        tables=(
            Table(
                ("Boundary", "Stands at", "Down until", "Up until", "Least margin"),
                tuple(map(_row, rows)),
            ),
        ),
        drawings=(_picture(found),),
        closing=(
            "One boundary at a time. Looked for among the events themselves, at 16, 64, 256... of them passed and then "
            "halved: a verdict that changes and changes back in between is not seen. Outlines are drawn larger and "
            "smaller round their middle, a band of single events is moved at its lower edge.",
        ),
    )


def _row(row: Record) -> tuple[Cell, ...]:
    places = list(row["places"].values())
    where = DASH if not places else _span(places)
    return (
        strong(row["name"], f"{row['channel']}; sets {', '.join(row['sets'])}"),
        number(where, "" if row["u"] is None else f"u {row['u']:.2g} {row['unit']}"),
        _side(row, "down"),
        _side(row, "up"),
        number(_least(row)),
    )


def _side(row: Record, side: str) -> Cell:
    flip = row[side]
    if flip is None:
        return text("no change")
    places = [place for place in flip["places"].values() if place is not None]
    shift = f"{flip['shift']:+.3g} {row['unit']}".replace("-", "−")
    where = f"at {_span(places)} ({shift})" if places else f"at {shift}"
    window = {True: ", inside its window", False: ", outside its window", None: ""}[flip["inside_window"]]
    why = flip["reason"].removeprefix(f"{flip['verdict']}: ")
    note = f"{where}{window}"
    return verdict(flip["verdict"], f"{note}: {shortened(why, 120)}" if why else note)


def _least(row: Record) -> str:
    """Return the smaller margin in words: in units of its uncertainty where there is one."""
    sides = [row[side] for side in ("down", "up") if row[side] is not None]
    if not sides:
        return "no change"
    least = min(sides, key=lambda flip: abs(flip["shift"]))
    own = f"{abs(least['shift']):.3g} {row['unit']}"
    return own if least["in_u"] is None else f"{least['in_u']:.1f} u ({own})"


def _span(places: list[float]) -> str:
    low, high = min(places), max(places)
    return f"{low:.4g}" if f"{low:.4g}" == f"{high:.4g}" else f"{low:.4g} to {high:.4g}"


def _word(flip: Record | None) -> str:
    return "" if flip is None else str(flip["verdict"])


def _picture(found: Record) -> str:
    spans = [
        Span(
            row["name"],
            None if row["down"] is None else abs(row["down"]["shift"]),
            None if row["up"] is None else row["up"]["shift"],
            row["u"],
            (_word(row["down"]), _word(row["up"])),
        )
        for row in found["boundaries"]
        if row["unit"] != "data units"
    ]
    return spans_svg(
        spans,
        title=f"May move without a change of {found['verdict']} (green); standard uncertainty (blue)",
        unit="display units (band: ln units; outline: part of its size)",
    )
