"""What a reviewer needs to recompute the numbers by hand, on one screen: counts, beads, volumes, formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, number, strong, text
from nkflow.release.page.numbers import count, exact, fixed, significant
from nkflow.release.page.summary import level_of

__all__ = ["by_hand"]

Record = Mapping[str, Any]

_METHODS = {
    "beads": "with counting beads",
    "bead_tube": "with bead tubes",
    "volumetric": "by acquired volume",
    "dual_platform": "on two platforms",
}


def by_hand(record: Record) -> Section:
    """Return the inputs, and each step as arithmetic that gives the record's number.

    Every formula stands in numbers that can be typed into a calculator as they stand; the value beside it is
    the record's own at full precision.
    """
    dose = record["dose"]
    counting = dose["composition"]["counting"]
    given = Table(("Input", "Value", "From, or tube by tube"), tuple(_inputs(dose)))
    steps = Table(("Result", "Formula", "Value in the record"), tuple(_steps(dose)))
    return Section(
        "by-hand",
        "Recompute by hand",
        "counts, beads, volumes and formulas on one page",
        lead=(f"Counted {_METHODS[counting['method']]}: cells per µL = {counting['formula']}.",),
        tables=(steps, given),
        closing=("Events are summed over the sample tubes, never averaged; no tube is left out.",),
    )


def _inputs(dose: Record) -> Iterator[tuple[Cell, ...]]:
    counting = dose["composition"]["counting"]["inputs"]
    pooled = dose["composition"]["pooled"]
    definitions = dose["protocol"]["definitions"]
    names = ("beads", definitions["dosed_population"], definitions["residual_t"], "viable", "dead")
    tubes = dose["composition"]["tubes"]
    for name in names:
        if name in pooled:
            parts = " + ".join(count(tube["counts"][name]) for tube in tubes)
            yield strong(f"events: {name}"), number(count(pooled[name])), text(parts)
    beads = counting.get("beads")
    if beads:
        per = beads.get("concentration_per_ul")
        amount = f"{per:.12g} beads/µL" if per else f"{beads['per_tube']:.12g} beads/tube"
        yield strong("beads"), number(amount), text(f"lot {beads['lot']}, expires {beads['expires_on']}")
    for key, label in (("bead_volume_ul", "bead suspension"), ("sample_volume_ul", "diluted product")):
        if counting.get(key):
            pipette = counting[key].get("pipette")
            where = f"per tube{f', pipette {pipette}' if pipette else ''}"
            yield strong(label), number(f"{counting[key]['value']:.12g} µL"), text(where)
    if counting.get("tube_volume_ul"):
        yield strong("tube volume"), number(f"{counting['tube_volume_ul']:.12g} µL"), text("final")
    for k, step in enumerate(counting["dilutions"], start=1):
        volumes = f"{step['sample_ul']:.12g} + {step['diluent_ul']:.12g} µL"
        yield strong(f"dilution step {k}"), number(volumes), text("sample + diluent")
    recipient = dose["recipient"]
    measured = f"{recipient['mass_basis']}, {recipient['mass_measured_on']}"
    yield strong("mass"), number(f"{recipient['mass_kg']:.12g} kg"), text(measured)


def _steps(dose: Record) -> Iterator[tuple[Cell, ...]]:
    composition = dose["composition"]
    counting, pooled = composition["counting"], composition["pooled"]
    definitions = dose["protocol"]["definitions"]
    dosed, residual = definitions["dosed_population"], definitions["residual_t"]
    if "dead" in pooled:
        line = f"100 × {pooled['viable']} / ({pooled['viable']} + {pooled['dead']})"
        yield _step("viability, %", line, composition["frequencies"]["viable of CD45+"].get("percent"))
    steps = counting["inputs"]["dilutions"]
    if steps:
        parts = [f"({s['sample_ul']:.12g} + {s['diluent_ul']:.12g}) / {s['sample_ul']:.12g}" for s in steps]
        yield _step("dilution factor DF", " × ".join(parts), counting["dilution_factor"])
    constant = _constant(counting, pooled)
    doublets = composition["excluded_doublets"].get("applied_factor", 1.0)
    factor = "" if doublets == 1.0 else f" × {doublets:.12g}"
    if factor:
        yield _step("factor for cells in excluded doublets", _doublets(composition), doublets)
    for name in dict.fromkeys((dosed, residual)):
        found = composition["concentrations"][name].get("per_ul")
        yield _step(f"{name}, cells per µL", f"{pooled[name]} × {constant}{factor}", found)
    yield from _dose_steps(dose, dosed, residual)


def _dose_steps(dose: Record, dosed: str, residual: str) -> Iterator[tuple[Cell, ...]]:
    level, mass = level_of(dose), dose["recipient"]["mass_kg"]
    amounts = dose["composition"]["concentrations"]
    if level is None or not amounts[dosed].get("per_ul"):
        return
    per_ul = amounts[dosed]["per_ul"]
    line = f"{level['prescribed_per_kg']:.12g} × {mass:.12g} / (1000 × {per_ul:.12g})"
    yield _step("volume V, mL", line, level["volume_ml"]["nominal"])
    if "rounded" not in level:
        return
    volume = level["volume_ml"]["rounded"]
    for name in dict.fromkeys((dosed, residual)):
        found = level["rounded"]["per_kg"][name]["value"]
        line = f"1000 × {amounts[name]['per_ul']:.12g} × {volume:.12g} / {mass:.12g}"
        yield _step(f"{name} per kg, at {volume:.12g} mL", line, found)


def _constant(counting: Record, pooled: Mapping[str, int]) -> str:
    """Return what one event stands for, in the numbers of the lot's own method."""
    inputs, factor = counting["inputs"], f"{counting['dilution_factor']:.12g}"
    sample = f"{inputs['sample_volume_ul']['value']:.12g}"
    if counting["method"] == "beads":
        added = f"{inputs['beads']['concentration_per_ul']:.12g} × {inputs['bead_volume_ul']['value']:.12g}"
        return f"{added} × {factor} / ({pooled['beads']} × {sample})"
    if counting["method"] == "bead_tube":
        return f"{inputs['beads']['per_tube']:.12g} × {factor} / ({pooled['beads']} × {sample})"
    return f"{counting['cells_per_ul_per_event']:.12g}"


def _doublets(composition: Record) -> str:
    """Return ``1 + m × (cells - singlets) / singlets``; m follows from the factor."""
    pooled, found = composition["pooled"], composition["excluded_doublets"]
    ratio = (pooled["cells"] - pooled["singlets"]) / pooled["singlets"]
    mean = (found["factor"] - 1) / ratio if ratio else 0.0
    return f"1 + {mean:.12g} × ({pooled['cells']} − {pooled['singlets']}) / {pooled['singlets']}"


def _step(name: str, formula: str, value: float | None) -> tuple[Cell, ...]:
    whole = value is not None and value.is_integer() and abs(value) < 1e6
    shown = fixed(value, 0) if whole else significant(value, 6)
    return strong(name), Cell(formula, "formula"), number(shown, exact(value) if value is not None else "")
