"""Was the run valid? The preconditions of the protocol, which a reviewer reads first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, strong, text, verdict

__all__ = ["suitability"]


def suitability(record: Mapping[str, Any]) -> Section:
    """Return the block of system suitability: one row a precondition, with what was found in each tube."""
    checks: Sequence[Mapping[str, str]] | None = record.get("suitability")
    if checks is None:
        lead = "The protocol names no preconditions: whether the run was valid is for a person to say."
        return Section("suitability", "Suitability of the run", "not asked for", lead=(lead,))
    rules = record["protocol"]["suitability"]
    met = sum(check["outcome"] == "met" for check in checks)
    groups: dict[str, list[Mapping[str, str]]] = {}
    for check in checks:
        groups.setdefault(check["name"], []).append(check)
    # what does not hold stands first
    rows = sorted(groups.items(), key=lambda group: all(check["outcome"] == "met" for check in group[1]))
    return Section(
        "suitability",
        "Suitability of the run",
        f"{met} of {len(checks)} preconditions met",
        lead=("Each is a precondition of any result: one that does not hold makes the lot INVALID.",),
        tables=(
            Table(
                ("Precondition", "Asked for", "Found", "Result"),
                tuple(_row(name, group) for name, group in rows),
            ),
        ),
        closing=(f"Source of the rules: {rules['source']}",),
    )


def _row(name: str, checks: Sequence[Mapping[str, str]]) -> tuple[Cell, ...]:
    limits = list(dict.fromkeys(check["limit"] for check in checks))
    failed = [check for check in checks if check["outcome"] != "met"]
    if failed:
        places = ", ".join(check["tube"] for check in failed if check["tube"])
        found = "; ".join(_found(check) for check in failed)
        result = verdict("INVALID", f"{failed[0]['outcome']} {places}".strip())
        return (strong(name), text("; ".join(dict.fromkeys(c["limit"] for c in failed))), text(found), result)
    asked = limits[0] if len(limits) == 1 else "as the lot states"
    found = (
        "; ".join(_found(check) for check in checks) if len(limits) == 1 else f"agrees in {len(checks)} tubes"
    )
    return (strong(name), text(asked), text(found), text("met"))


def _found(check: Mapping[str, str]) -> str:
    return f"{check['tube']} {check['value']}" if check["tube"] else check["value"]
