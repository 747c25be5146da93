"""Was the run valid? The preconditions of the protocol, which a reviewer reads first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, strong, text, verdict

__all__ = ["suitability"]


def suitability(record: Mapping[str, Any]) -> Section:
    """Return the block of system suitability: one row a precondition, with what was found in each tube."""
    checks: Sequence[Mapping[str, str]] = record.get("suitability") or ()
    asked = record["protocol"].get("suitability") is not None
    met = sum(check["outcome"] == "met" for check in checks)
    groups: dict[str, list[Mapping[str, str]]] = {}
    for check in checks:
        groups.setdefault(check["name"], []).append(check)
    # what does not hold stands first
    rows = sorted(groups.items(), key=lambda group: all(check["outcome"] == "met" for check in group[1]))
    lead = (
        "Each is a precondition of any result: one that does not hold makes the lot INVALID."
        if asked
        else "The protocol names no preconditions; whether the run was valid is for a person to say. "
        "What is checked here holds for every lot."
    )
    source = record["protocol"]["suitability"]["source"] if asked else ""
    table = Table(
        ("Precondition", "Asked for", "Found", "Result", "Source"),
        tuple(_row(name, group, source) for name, group in rows),
    )
    return Section(
        "suitability",
        "Suitability of the run",
        f"{met} of {len(checks)} preconditions met" if checks else "not asked for",
        lead=(lead,),
        tables=(table,) if checks else (),
        closing=(f"Source of the protocol's preconditions: {source}",) if source else (),
    )


def _row(name: str, checks: Sequence[Mapping[str, str]], rules: str) -> tuple[Cell, ...]:
    failed = [check for check in checks if check["outcome"] != "met"]
    shown = failed or checks
    limits = list(dict.fromkeys(check["limit"] for check in shown))
    sources = dict.fromkeys(check.get("source", "") for check in shown)
    source = text("; ".join("protocol" if known == rules else known for known in sources))
    if failed:
        places = ", ".join(check["tube"] for check in failed if check["tube"])
        found = "; ".join(_found(check) for check in failed)
        result = verdict("INVALID", f"{failed[0]['outcome']} {places}".strip())
        return (strong(name), text("; ".join(limits)), text(found), result, source)
    asked = limits[0] if len(limits) == 1 else "as the lot states"
    found = (
        "; ".join(_found(check) for check in checks) if len(limits) == 1 else f"agrees in {len(checks)} tubes"
    )
    return (strong(name), text(asked), text(found), text("met"), source)


def _found(check: Mapping[str, str]) -> str:
    return f"{check['tube']} {check['value']}" if check["tube"] else check["value"]
