"""What was counted: events per tube and pooled, populations with their reference, concentrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, number, strong, text
from nkflow.release.page.numbers import DASH, count, fixed, interval, percent, significant

__all__ = ["events", "populations"]

Record = Mapping[str, Any]

FIRST = ("beads", "cells", "singlets", "CD45+", "viable", "dead")
LEAVES = ("NK", "NKT-like", "T", "B", "monocytes", "other")
TEST = {"x2": "X²", "p": "p", "phi": "φ"}
UNIONS = ("CD56+", "CD3+", "CD3dim")


def events(composition: Record) -> Section:
    """Return the counted events of each tube beside their sum, and that the leaves sum to their parent."""
    tubes, pooled = composition["tubes"], composition["pooled"]
    rows = tuple(
        (
            strong(name),
            *(number(count(tube["counts"].get(name))) for tube in tubes),
            number(count(pooled[name])),
            number(_deviation(composition, name)),
        )
        for name in _in_order(pooled)
    )
    columns = (
        "Events",
        *(f"Tube {tube['tube']}" for tube in tubes),
        "Pooled",
        "Largest deviation of a tube's concentration from their mean",
    )
    return Section(
        "counts",
        "Counted events",
        f"{len(tubes)} tube{'s' if len(tubes) != 1 else ''}, pooled as a ratio of sums",
        lead=(_sum_of_leaves(pooled),),
        tables=(Table(columns, rows),),
    )


def populations(composition: Record) -> Section:
    """Return the share of each population in its named reference, and its concentration."""
    rows = [_population(name, share) for name, share in composition["frequencies"].items()]
    amounts = [_amount(name, amount) for name, amount in composition["concentrations"].items()]
    rungs = [_rung(name, ladder) for name, ladder in composition["ladder"].items()]
    tables = [
        Table(
            ("Population", "Of", "Events", "Frequency", "95 % interval", "Uncertainty (k = 1)", "Replicates"),
            tuple(rows),
            caption="Frequencies",
        ),
        Table(
            (
                "Population",
                "Events",
                "Cells per µL of product",
                "95 % interval",
                "Relative uncertainty (k = 1)",
            ),
            tuple(amounts),
            caption="Concentrations",
        ),
    ]
    if rungs:
        columns = ("Population", "Events", "Stands at", "LoB", "LoD", "LLOQ", "LoB from")
        tables.append(Table(columns, tuple(rungs), caption="Rare populations, in pooled events"))
    return Section("populations", "Populations", "", tables=tuple(tables))


def _in_order(pooled: Mapping[str, int]) -> list[str]:
    """Return the names with the gates first, then leaves, then unions, then what else was counted."""
    known = [name for name in (*FIRST, *LEAVES, *UNIONS) if name in pooled]
    return known + sorted(name for name in pooled if name not in known and name != "root")


def _deviation(composition: Record, name: str) -> str:
    found = composition["replicates"].get(name)
    return f"{fixed(found['max_deviation_pct'], 1)} %" if found else DASH


def _sum_of_leaves(pooled: Mapping[str, int]) -> str:
    leaves = [name for name in LEAVES if name in pooled]
    total = sum(pooled[name] for name in leaves)
    left = " + ".join(f"{name} {count(pooled[name])}" for name in leaves)
    holds = "=" if total == pooled["viable"] else "≠"
    return f"{left} = {count(total)} {holds} viable {count(pooled['viable'])}"


def _population(name: str, share: Record) -> tuple[Cell, ...]:
    if "not_evaluable" in share:
        population, _, of = name.partition(" of ")
        missing = text("not evaluable", share["not_evaluable"])
        return (strong(population), text(of), text(DASH), missing, *_dashes(3))
    test = share["homogeneity"]
    scatter = "agree" if test["phi"] <= test["phi0"] else "scatter more than declared"
    ends, alone = share["interval"], share["wilson"]
    counting = f"Wilson; counting alone {fixed(alone['low'], 2)} to {fixed(alone['high'], 2)}"
    return (
        strong(share["population"]),
        text(share["of"]),
        number(f"{count(share['x'])} of {count(share['n'])}"),
        number(f"{fixed(share['percent'], 2)} %"),
        number(f"{fixed(ends['low'], 2)} to {fixed(ends['high'], 2)} %", counting),
        number(f"{significant(share['u_total'], 2)} points", _parts(share)),
        text(scatter, ", ".join(f"{word} {significant(test[key], 3)}" for key, word in TEST.items())),
    )


def _parts(share: Record) -> str:
    return f"counting {significant(share['u_counting'], 2)}, gating {significant(share['u_gate'], 2)}"


def _amount(name: str, amount: Record) -> tuple[Cell, ...]:
    if "not_evaluable" in amount:
        return (strong(name), text(DASH), text("not evaluable", amount["not_evaluable"]), *_dashes(2))
    ends, u = amount["interval"], amount["u_rel"]
    return (
        strong(name),
        number(count(amount["events"])),
        number(significant(amount["per_ul"]), repr(amount["per_ul"])),
        number(interval(ends["low"], ends["high"]), ends["method"]),
        number(DASH if u is None else percent(u)),
    )


def _rung(name: str, ladder: Record) -> tuple[Cell, ...]:
    if "not_evaluable" in ladder:
        return (strong(name), text(DASH), text("not evaluable", ladder["not_evaluable"]), *_dashes(4))
    return (
        strong(name),
        number(count(ladder["events"])),
        strong(ladder["rung"]),
        *(number(significant(ladder[key], 3)) for key in ("lob_events", "lod_events", "lloq_events")),
        text(ladder["lob_source"]),
    )


def _dashes(n: int) -> Sequence[Cell]:
    return [text(DASH)] * n
