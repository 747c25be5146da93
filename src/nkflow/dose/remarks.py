"""What a reader should know about a plan though it decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from nkflow.dose.case import Case
from nkflow.dose.decide import Judged
from nkflow.dose.levels import Level
from nkflow.fcs.findings import Finding

__all__ = ["remarks"]


def remarks(case: Case, levels: tuple[Level, ...]) -> tuple[Finding, ...]:
    """Return findings on rounding, CD3dim cells and the doses to come."""
    level = next(level for level in levels if level.level.number == case.order.number)
    return (*_rounding(level), *_dim_t_cells(case, level), *_ahead(case, levels))


def _rounding(level: Level) -> Iterator[Finding]:
    """Say so where rounding the volume changes a limit's verdict."""
    if level.nominal is None or level.rounded is None:
        return
    sides: list[tuple[dict[str, Judged], dict[str, Judged]]] = [(level.nominal.limits, level.rounded.limits)]
    if level.summed is not None:
        sides.append((level.summed.nominal_limits, level.summed.rounded_limits))
    for nominal, rounded in sides:
        for name, judged in rounded.items():
            answers = {
                "simple": (nominal[name].simple, judged.simple),
                "guarded": (nominal[name].guarded, judged.guarded),
            }
            for rule, (before, after) in answers.items():
                if before != after:
                    text = f"{name} ({rule} rule): {before} at the nominal volume, {after} at the rounded one"
                    decided = "the rounded volume decides: it is what will be infused"
                    yield Finding("volume-rounding-decides", "warning", text, name, decided)


def _dim_t_cells(case: Case, level: Level) -> Iterator[Finding]:
    """Say so where CD3dim cells, all counted as residual T, would break its limit."""
    amounts = {} if level.rounded is None else level.rounded.amounts
    residual = case.protocol.definitions.residual_t
    if "CD3dim" not in amounts or residual not in amounts:
        return
    upper = amounts[residual].value + amounts["CD3dim"].value
    for limit in case.protocol.limits:
        about_t = limit.quantity == "per_kg" and case.protocol.population(limit.population or "") == residual
        if about_t and limit.scope == "dose" and limit.op in ("<", "<=") and upper >= limit.value:
            text = f"{residual} and CD3dim together are {upper:.4g} per kg, limit {limit.op} {limit.value:g}"
            yield Finding("cd3dim-upper-case", "warning", text, limit.name, "look at the CD3dim cells")


def _ahead(case: Case, levels: tuple[Level, ...]) -> Iterator[Finding]:
    """Say so where later doses from this bag would break a cumulative limit, or empty the bag."""
    for level in levels:
        if level.level.number <= case.order.number or level.summed is None:
            continue
        where = f"dose {level.level.number}"
        if level.summed.remaining_ml < 0:
            text = f"the bag can't give every dose up to {where}: {-level.summed.remaining_ml:g} mL short"
            yield Finding("bag-too-small-ahead", "info", text, where)
        for name, judged in level.summed.rounded_limits.items():
            if judged.verdict != "PASS":
                text = f"with {where} from this bag, {name} would be {judged.verdict}"
                yield Finding("cumulative-limit-ahead", "warning", text, name, f"value {judged.reportable}")
