"""What was computed twice by other ways: the volume from beads, other platforms, the budget by Monte Carlo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nkflow.release.page.model import Cell, Section, Table, number, strong, text
from nkflow.release.page.numbers import DASH, count, fixed, interval, percent, significant

__all__ = ["checks"]

Record = Mapping[str, Any]

_PLATFORMS = {
    "beads": "beads in suspension",
    "bead_tube": "dried beads",
    "volumetric": "volumetric",
    "dual_platform": "dual platform",
}


def checks(dose: Record) -> Section:
    """Return bead recovery, other platforms and the Monte Carlo; what could not be compared says why."""
    composition = dose["composition"]
    dosed = dose["protocol"]["definitions"]["dosed_population"]
    tables = [
        Table(("Beads", "Value"), tuple(_beads(composition)), caption="Beads and doublets"),
        Table(
            ("Counted by", f"{dosed}, cells per µL", "Differs by", "Formula, or why it can't be compared"),
            tuple(_platforms(composition, dosed)),
            caption="Platforms",
        ),
        Table(
            (
                "Population",
                "Trials, seed",
                "Relative u",
                "Relative u of the budget",
                "95 % of the trials, per µL",
            ),
            tuple(_trials(name, found) for name, found in dose["monte_carlo"].items()),
            caption="Monte Carlo (JCGM 101) beside the law of propagation; no verdict hangs on it",
        ),
    ]
    return Section("checks", "Cross-checks", "", tables=tuple(tables), open=False)


def _beads(composition: Record) -> Iterator[tuple[Cell, ...]]:
    recovery, doublets = composition["bead_recovery"], composition["bead_doublets"]
    if "not_evaluable" in recovery:
        yield strong("bead recovery"), text("not evaluable", recovery["not_evaluable"])
    else:
        for tube, ratio, implied, read in zip(
            composition["tubes"],
            recovery["recovery"],
            recovery["implied_volume_ul"],
            recovery["acquired_volume_ul"],
            strict=True,
        ):
            said = f"{fixed(implied, 1)} µL by the beads, {fixed(read, 1)} µL by the cytometer"
            yield strong(f"bead recovery, tube {tube['tube']}"), number(fixed(ratio, 3), said)
    if "not_evaluable" in doublets:
        yield strong("bead doublets"), text("not evaluable", doublets["not_evaluable"])
    else:
        yield strong("bead doublets, of bead events"), number(percent(doublets["fraction"]))
    hidden = composition["excluded_doublets"]
    if "not_evaluable" in hidden:
        yield strong("cells in excluded doublets"), text("not evaluable", hidden["not_evaluable"])
    else:
        effect = f"effect on the dose {fixed(hidden['effect_on_dose_pct'], 1)} %, policy {hidden['policy']}"
        yield strong("cells in excluded doublets"), number(percent(hidden["cells_fraction"], 1), effect)


def _platforms(composition: Record, dosed: str) -> Iterator[tuple[Cell, ...]]:
    counting, found = composition["counting"], composition["concentrations"].get(dosed, {})
    value = found.get("per_ul")
    yield (
        strong(_PLATFORMS[counting["method"]], "the lot's method"),
        number(significant(value)),
        text(DASH),
        text(counting["formula"]),
    )
    for method, other in composition["cross_checks"].items():
        if "not_evaluable" in other:
            yield (
                strong(_PLATFORMS[method]),
                text(DASH),
                text(DASH),
                text("not evaluable", other["not_evaluable"]),
            )
            continue
        theirs = other["per_ul"].get(dosed, 0.0)
        apart = f"{fixed(100 * (theirs / value - 1), 1)} %" if value else DASH
        yield strong(_PLATFORMS[method]), number(significant(theirs)), number(apart), text(other["formula"])


def _trials(name: str, found: Record) -> tuple[Cell, ...]:
    ends = found["quantiles"]
    return (
        strong(name),
        number(count(found["trials"]), f"seed {found['seed']}"),
        number(percent(found["rel_sd"])),
        number(percent(found["u_rel_of_budget"])),
        number(interval(ends["2.5 %"], ends["97.5 %"]), f"median {significant(ends['50 %'])}"),
    )
