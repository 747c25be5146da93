"""The runs over time: what acquisition QC removed from each tube, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, number, strong, text, verdict
from nkflow.release.page.numbers import separated

__all__ = ["acquisition"]

Record = Mapping[str, Any]


def acquisition(record: Record, timelines: Mapping[str, str]) -> Section:
    """Return a row for each tube, and the drawings of its event rate.

    Parameters
    ----------
    timelines
        SVG elements by the id of their tube (`nkflow.release.drawing`); they stand as they are.
    """
    judged = [tube for tube in record["tubes"] if tube.get("acquisition")]
    unsure = [tube for tube in judged if not tube["acquisition"]["assessable"]]
    cut = [tube for tube in judged if tube["acquisition"]["removed_events"]]
    parts = [f"{len(judged)} tubes"]
    parts += [f"{len(cut)} with removed stretches"] if cut else []
    parts += [f"{len(unsure)} not assessable"] if unsure else []
    return Section(
        "acquisition",
        "Acquisition over time",
        ", ".join(parts) if cut or unsure else f"{len(judged)} tubes, nothing removed",
        lead=(
            "Cells and beads are cut by the same mask, in the order of the file. Where the flow was not constant the "
            "volume of what is kept does not follow from the time, and beads give the concentration.",
        ),
        tables=(
            Table(
                ("Tube", "Removed", "Why", "Kept volume", "Dead cells along the run"),
                tuple(_row(tube) for tube in judged),
            ),
        ),
        drawings=tuple(timelines[tube["id"]] for tube in judged if tube["id"] in timelines),
        open=bool(cut or unsure),
    )


def _row(tube: Record) -> tuple[Cell, ...]:
    quality = tube["acquisition"]
    name = strong(tube["id"], tube["role"])
    if not quality["assessable"]:
        why = text(quality["reason"], "nothing was removed; that is no pass")
        return (name, verdict("INVALID", "not assessable"), why, text("not evaluable by time"), _drift(tube))
    share = 100 * (1 - quality["kept_time"])
    lost = _lost(quality)
    removed = number(f"{share:.2g} % of the time", f"{separated(str(quality['removed_events']))} events")
    why = text("; ".join(_segment(quality, segment) for segment in quality["segments"]) or "nothing", lost)
    volume = text(quality["volume_reason"] or "follows from the time")
    return (name, removed, why, volume, _drift(tube))


def _segment(quality: Record, segment: Record) -> str:
    begin, end = segment["begin"], segment["begin"] + segment["duration"]
    channels: Sequence[str] = segment["channels"]
    signals = f" ({', '.join(channels[:3])}{', ...' if len(channels) > 3 else ''})" if channels else ""
    return f"{segment['reason']} {begin:.1f} to {end:.1f} {quality['time_unit']}{signals}"


def _lost(quality: Record) -> str:
    missing = (quality["aborted"] or 0) + (quality["lost"] or 0)
    return f"{separated(str(missing))} events aborted or lost" if missing else ""


def _drift(tube: Record) -> Cell:
    """Return the change of the share of dead cells from begin to end, in percentage points."""
    drift = tube.get("dead_drift")
    if not drift or drift["change"] is None:
        return text("–" if not drift else drift["reason"])
    low, high = 100 * drift["low"], 100 * drift["high"]
    change = f"{100 * drift['change']:+.1f} points".replace("-", "−")
    return number(change, f"95 % {low:+.1f} to {high:+.1f}".replace("-", "−"))
