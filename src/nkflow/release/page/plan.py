"""What the volume brings per kg, every dose level from this bag, the sums, and what would end a dose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, hashed, number, strong, text
from nkflow.release.page.numbers import DASH, count, interval, minute, significant
from nkflow.release.page.summary import level_of

__all__ = ["plan"]

Record = Mapping[str, Any]


def plan(dose: Record) -> Section:
    """Return cells per kg at the rounded volume, the schedule, the sums, the bag and its caps."""
    level = level_of(dose) or {}
    tables = []
    if "rounded" in level:
        volume = level["rounded"]["volume_ml"]
        rows = tuple(_amount(name, amount) for name, amount in level["rounded"]["per_kg"].items())
        columns = ("Population", "Events", "Cells per kg", "95 % interval", "95 % upper bound", "Reported as")
        tables.append(Table(columns, rows, caption=f"Per kg of the recipient, in {volume:.12g} mL"))
    tables.append(_schedule(dose))
    if dose["earlier"] or dose["skipped"]:
        tables.append(_before(dose))
    if level.get("cumulative"):
        tables.append(_sums(level["cumulative"], dose))
    tables.append(Table(("The bag", "Value"), tuple(_bag(dose))))
    tables.append(_caps(dose))
    return Section("plan", "Dose plan", f"dose {dose['number']}", tables=tuple(tables))


def _amount(name: str, amount: Record) -> tuple[Cell, ...]:
    ends = amount["interval"]
    return (
        strong(name),
        number(count(amount["events"])),
        number(significant(amount["value"]), repr(amount["value"])),
        number(interval(ends["low"], ends["high"])),
        number(significant(amount["upper"])),
        text(_reported(amount)),
    )


def _reported(amount: Record) -> str:
    """Return what may be said of few events: the value, less than the LLOQ, or less than a bound."""
    match amount["rung"]:
        case None | "quantified":
            return "the value"
        case "not detected":
            return f"not detected; < {significant(amount['poisson_upper'])} with 95 % confidence"
        case rung:
            return f"{rung} ({significant(amount['lloq'])})"


def _schedule(dose: Record) -> Table:
    columns = ("Dose", "Day", "Prescribed /kg", "Volume", "Delivered /kg", "95 % interval", "Deliverable")
    rows = tuple(_level(level, dose) for level in dose["levels"])
    return Table(columns, rows, caption="Every dose of the schedule, counted from this bag")


def _level(level: Record, dose: Record) -> tuple[Cell, ...]:
    ends = level.get("delivered_interval")
    given = {one["number"] for one in dose["earlier"]}
    this = "this dose" if level["number"] == dose["number"] else "given" if level["number"] in given else ""
    volumes = level["volume_ml"]
    return (
        strong(level["number"], this),
        number(str(level["day"])),
        number(significant(level["prescribed_per_kg"], 3)),
        number(_millilitres(volumes["rounded"]), f"nominal {significant(volumes['nominal'], 6)} mL"),
        number(significant(level.get("delivered_per_kg"))),
        number(interval(ends["low"], ends["high"]) if ends else DASH),
        text("yes" if level["deliverable"] else "no", level["reason"]),
    )


def _before(dose: Record) -> Table:
    """Return what was given before, from its records, and what was skipped, with its reason."""
    meant = dose["protocol"]["definitions"]
    names = (meant["dosed_population"], meant["residual_t"])
    rows = [(given["number"], _given(given, names)) for given in dose["earlier"]]
    rows += [(missed["number"], _skipped(missed)) for missed in dose["skipped"]]
    columns = ("Dose", "Infused", "Volume infused", *(f"{name} /kg" for name in names), "Record, SHA-256")
    ordered = tuple(row for _, row in sorted(rows, key=lambda item: item[0]))
    return Table(columns, ordered, caption="Doses before this one, from their records")


def _given(given: Record, names: tuple[str, ...]) -> tuple[Cell, ...]:
    return (
        strong(given["number"]),
        text(minute(given["infused_at"]), f"lot {given['lot']}, {given['verdict']}"),
        number(_millilitres(given["volume_ml"]), f"{given['mass_kg']:g} kg"),
        *(number(significant(given["per_kg"][name])) for name in names),
        hashed(given["record_sha256"]),
    )


def _skipped(missed: Record) -> tuple[Cell, ...]:
    return (strong(missed["number"]), text("not given", missed["reason"]), *(text(DASH) for _ in range(4)))


def _sums(cumulative: Record, dose: Record) -> Table:
    definitions = dose["protocol"]["definitions"]
    names = dict.fromkeys((definitions["dosed_population"], definitions["residual_t"], "CD3+"))
    found = cumulative["rounded"]["per_kg"]
    rows = tuple(
        (
            strong(name),
            number(significant(found[name]["value"]), repr(found[name]["value"])),
            number(_percent(found[name]["u_rel"])),
            number(_percent(found[name]["u_rel_independent_preparations"])),
        )
        for name in names
        if name in found
    )
    columns = ("Population", "Cells per kg", "Relative u", "Relative u, had each dose been prepared anew")
    prescribed = significant(cumulative["prescribed_per_kg"], 3)
    return Table(columns, rows, caption=f"All doses up to this one (prescribed {prescribed} per kg)")


def _bag(dose: Record) -> Iterator[tuple[Cell, ...]]:
    bag, figures = dose["bag"], dose["product_figures"]
    yield strong("volume when counted"), number(_millilitres(bag["volume_ml"]))
    drawn = f"{_millilitres(bag['drawn_ml'])} drawn by earlier doses" if bag["drawn_ml"] else ""
    yield strong("deliverable volume", drawn), number(_millilitres(bag["deliverable_ml"]))
    yield strong("dosed viable cells in the bag"), number(significant(bag["total_cells"]))
    yield strong("residual T in the bag"), number(significant(figures["residual_t_in_bag"]))
    if figures["recovery_pct"] is not None:
        yield strong("recovery after thawing"), number(f"{significant(figures['recovery_pct'])} %")
    if figures["log10_depletion"] is not None:
        least = "≥ " if figures["log10_depletion_at_least"] else ""
        yield strong("log10 T depletion"), number(f"{least}{significant(figures['log10_depletion'], 3)}")


def _caps(dose: Record) -> Table:
    rows = tuple(
        (
            strong(cap["attribute"]),
            number(significant(cap["max_dose_per_kg"])),
            number(_millilitres(cap["max_volume_ml"], 6)),
        )
        for cap in dose["caps"]
    )
    columns = ("What would end a dose, the nearest first", "Largest dose, cells per kg", "Largest volume")
    return Table(columns, rows)


def _millilitres(value: float | None, digits: int = 12) -> str:
    return DASH if value is None else f"{value:.{digits}g} mL"


def _percent(u: float | None) -> str:
    return DASH if u is None else f"{significant(100 * u, 3)} %"
