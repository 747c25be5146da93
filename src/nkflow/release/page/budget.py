"""The uncertainty budget: what each source contributes, largest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, number, strong, text
from nkflow.release.page.numbers import DASH, percent

__all__ = ["budget"]

Record = Mapping[str, Any]


def budget(composition: Record, names: Mapping[str, str]) -> Section:
    """Return the budgets of the concentrations that the verdict rests on.

    Parameters
    ----------
    names
        Population -> why it stands here ("dosed", "residual T").
    """
    amounts = {name: composition["concentrations"].get(name, {}) for name in names}
    tables = tuple(
        _table(name, names[name], amount) for name, amount in amounts.items() if amount.get("budget")
    )
    brief = ", ".join(
        f"{name} ± {percent(amount['u_rel'], 1)}" for name, amount in amounts.items() if amount.get("u_rel")
    )
    return Section(
        "budget",
        "Uncertainty budget",
        f"{brief} (k = 1)" if brief else "",
        lead=(
            "Relative standard uncertainties of the concentration; they carry over to cells per kg, since "
            "the volume is fixed once it is drawn. A shared source is the same error in every dose that is "
            "counted with it.",
        ),
        tables=tables,
    )


def _table(name: str, why: str, amount: Record) -> Table:
    rows = tuple(_row(part) for part in amount["budget"])
    total = (strong("together"), text(""), number(_relative(amount["u_rel"])), number("100 %"), text(""))
    return Table(
        ("Source", "Kind", "Relative u (k = 1)", "Share of the variance", "Shared between doses"),
        (*rows, total),
        caption=f"{name} ({why})",
    )


def _row(part: Record) -> tuple[Cell, ...]:
    return (
        strong(str(part["source"]).split(" @")[0]),
        text(part["kind"]),
        number(_relative(part["u"])),
        number(percent(part["share"], 1)),
        text("yes" if part["shared"] else "no"),
    )


def _relative(u: float | None) -> str:
    return DASH if u is None else percent(abs(u))
