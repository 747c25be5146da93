"""What a second engine makes of the same tubes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, number, strong, text, verdict
from nkflow.release.page.numbers import count

__all__ = ["second_engine"]

_LEAD = (
    "Each sample tube is gated a second time by another program, which reads the raw file by itself. Only the "
    "template and the matrix cross over. Who is inside which population is compared event for event, within the "
    "part of the run that is kept."
)


def second_engine(record: Mapping[str, Any]) -> Section:
    """Return a row for each tube that was compared, and every population on which the engines differ."""
    found = [(tube["id"], tube["second_engine"]) for tube in record["tubes"] if tube.get("second_engine")]
    if not found:
        lead = "The sample tubes were not gated by a second engine in this run."
        return Section("second-engine", "Second engine", "not asked for", lead=(lead,))
    agreed = sum(bool(check["agrees"]) for _, check in found)
    tables = [
        Table(("Tube", "Events", "Populations", "Result"), tuple(_row(tube, check) for tube, check in found))
    ]
    differing = [row for tube, check in found for row in _differences(tube, check)]
    if differing:
        columns = ("Tube", "Population", "Only ours", "Only theirs", "Explained", "Not explained")
        tables.append(Table(columns, tuple(differing), caption="Where they differ"))
    missing = [
        (strong(tube), text(name), text(why))
        for tube, check in found
        for name, why in check["not_compared"].items()
    ]
    if missing:
        tables.append(Table(("Tube", "Population", "Why"), tuple(missing), caption="Not compared"))
    versions = ", ".join(dict.fromkeys(f"{check['engine']} {check['version']}" for _, check in found))
    return Section(
        "second-engine",
        "Second engine",
        f"{versions}: {agreed} of {len(found)} tubes agree",
        lead=(_LEAD,),
        tables=tuple(tables),
        open=agreed < len(found) or bool(differing),
    )


def _row(tube: str, check: Mapping[str, Any]) -> tuple[Cell, ...]:
    result = text(check["summary"]) if check["explained"] else verdict("INVALID", check["summary"])
    note = "; ".join(check["misleading"])
    if note and check["explained"]:
        result = text(check["summary"], f"known of such files: {note}")
    return (strong(tube), number(count(check["n_events"])), number(str(len(check["counts"]))), result)


def _differences(tube: str, check: Mapping[str, Any]) -> Sequence[tuple[Cell, ...]]:
    return [
        (
            strong(tube),
            text(row["population"]),
            number(str(row["only_ours"])),
            number(str(row["only_theirs"])),
            number(str(row["events"] - row["unexplained"]), f"{row['on_border']} on the border"),
            number(str(row["unexplained"])),
        )
        for row in check["differences"]
    ]
