"""Every limit of a protocol against what was found: of the product, of one volume, of all doses so far."""

from __future__ import annotations

import math

from nkflow.counting.concentration import Concentration
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.frequency import Frequency
from nkflow.counting.intervals import normal_quantile, poisson_upper
from nkflow.dose.case import Case
from nkflow.dose.cumulative import Total
from nkflow.dose.decide import Judged, judge_amount, judge_exact, judge_frequency
from nkflow.dose.limits import Limit
from nkflow.dose.perkg import Amount
from nkflow.dose.results import judge_external

__all__ = ["DMSO_G_PER_ML", "judge_product", "judge_total", "judge_volume", "log10_depletion", "recovery_pct"]

DMSO_G_PER_ML = 1.1
_OF_PRODUCT = frozenset(
    {"frequency", "viability", "concentration", "recovery", "log10_depletion", "endotoxin", "external"}
)
_ENDOTOXIN = "endotoxin_eu_per_ml"


def judge_product(case: Case) -> dict[str, Judged]:
    """Judge the limits that no volume changes: percentages, concentrations, results from outside."""
    limits = (limit for limit in case.protocol.limits if limit.quantity in _OF_PRODUCT)
    return {limit.name: _of_product(case, limit) for limit in limits}


def judge_volume(case: Case, amounts: dict[str, Amount], *, volume_ml: float) -> dict[str, Judged]:
    """Judge the limits per kg at one volume."""
    judged: dict[str, Judged] = {}
    for limit in case.protocol.limits:
        if limit.scope == "dose" and limit.quantity not in _OF_PRODUCT:
            judged[limit.name] = _of_volume(case, limit, amounts=amounts, volume_ml=volume_ml)
    return judged


def judge_total(case: Case, totals: dict[str, Total]) -> dict[str, Judged]:
    """Judge the cumulative limits on sums over doses."""
    judged: dict[str, Judged] = {}
    for limit in case.protocol.limits:
        if limit.scope != "cumulative":
            continue
        found = totals.get(case.protocol.population(limit.population or ""))
        judged[limit.name] = (
            _absent(limit, f"{limit.population} is not known for every dose")
            if found is None
            else _of_total(case, limit, found=found)
        )
    return judged


def recovery_pct(case: Case) -> float | None:
    """Return ``C·V_bag`` of the dosed population over its count before freezing, in %, viable to viable."""
    before = case.product.pre_freeze_viable_cells
    found = case.composition.concentration(case.dosed)
    if before is None or not isinstance(found, Concentration):
        return None
    return 100 * found.per_ml * case.product.bag_volume_ml / before


def log10_depletion(case: Case) -> tuple[float, bool] | None:
    """Return ``log10(T_in / T_out)`` of residual T, and whether it is only a lower bound (no T was seen)."""
    before = case.product.apheresis_t_cells
    found = case.composition.concentration(case.protocol.definitions.residual_t)
    if before is None or not isinstance(found, Concentration):
        return None
    events = found.events or float(poisson_upper(0, confidence=case.protocol.confidence, phi=found.phi))
    after = 1000 * found.per_event * events * case.product.bag_volume_ml
    return math.log10(before / after), found.events == 0


def _of_product(case: Case, limit: Limit) -> Judged:
    population = case.protocol.population(limit.population or "")
    match limit.quantity:
        case "frequency" | "viability":
            of = case.protocol.population(limit.of or "")
            names = ("viable", "CD45+") if limit.quantity == "viability" else (population, of)
            share = case.composition.frequency(*names)
            if isinstance(share, Frequency):
                return judge_frequency(limit, share, confidence=case.protocol.confidence)
            return _absent(limit, share.reason)
        case "concentration":
            return _concentration(case, limit, population=population)
        case "recovery":
            found = recovery_pct(case)
            return (
                judge_exact(limit, found) if found is not None else _absent(limit, "no count before freezing")
            )
        case "log10_depletion":
            depletion = log10_depletion(case)
            if depletion is None:
                return _absent(limit, "no T cells of the starting material are given")
            return judge_exact(
                limit, depletion[0], note="at least: no T cell was seen" if depletion[1] else ""
            )
    name = _ENDOTOXIN if limit.quantity == "endotoxin" else (limit.external or "")
    return judge_external(limit, case.external.get(name), accept_interim=_interim(case, name))


def _concentration(case: Case, limit: Limit, *, population: str) -> Judged:
    found = case.composition.concentration(population)
    if isinstance(found, NotEvaluable):
        return _absent(limit, found.reason)
    scale = 1000.0 if limit.unit == "cells/mL" else 1.0
    confidence = case.protocol.confidence
    if found.u_rel is None:
        bound = found.per_event * float(poisson_upper(0, confidence=confidence, phi=found.phi))
    else:
        bound = found.per_ul * math.exp(float(normal_quantile(confidence)) * found.u_rel)
    value = scale * found.per_ul
    return judge_amount(limit, value, u_rel=found.u_rel, bound=scale * bound, confidence=confidence)


def _of_volume(case: Case, limit: Limit, *, amounts: dict[str, Amount], volume_ml: float) -> Judged:
    per_kg = volume_ml / case.recipient.mass_kg
    match limit.quantity:
        case "per_kg":
            name = case.protocol.population(limit.population or "")
            amount = amounts.get(name)
            if amount is None:
                return _absent(limit, f"{name} was not counted")
            confidence = case.protocol.confidence
            return judge_amount(
                limit, amount.value, u_rel=amount.u_rel, bound=amount.upper, confidence=confidence
            )
        case "dmso_per_kg":
            fraction = case.product.dmso_fraction
            if fraction is None:
                return Judged(limit, None, "PENDING", note="the product's DMSO fraction is not given")
            return judge_exact(limit, per_kg * fraction * DMSO_G_PER_ML)
        case "endotoxin_per_kg_h":
            hours = case.order.infusion_h
            if hours is None:
                return Judged(limit, None, "PENDING", note="the duration of the infusion is not given")
            per_kg /= hours
    return judge_external(
        limit, case.external.get(_ENDOTOXIN), factor=per_kg, accept_interim=_interim(case, _ENDOTOXIN)
    )


def _of_total(case: Case, limit: Limit, *, found: Total) -> Judged:
    """Judge a sum; doses without events enter the guarded rule by their upper bounds."""
    confidence = case.protocol.confidence
    if found.u_rel is None or found.value == 0:
        return judge_amount(limit, found.value, u_rel=None, bound=found.unseen, confidence=confidence)
    spread = math.exp(float(normal_quantile(confidence)) * found.u_rel)
    whole = found.value + found.unseen
    judged = judge_amount(limit, whole, u_rel=found.u_rel, bound=whole * spread, confidence=confidence)
    if not found.unseen:
        return judged
    simple = judge_exact(limit, found.value)
    return Judged(
        limit,
        found.value,
        simple.simple,
        judged.guarded,
        p_conform=judged.p_conform,
        bound=judged.bound,
        u=found.u_rel,
        reportable=simple.reportable,
        note=f"P(conform) counts doses without events as {found.unseen:.4g} cells/kg, their upper bound",
    )


def _interim(case: Case, name: str) -> bool:
    rule = case.external_rule(name)
    return rule is not None and rule.accept_interim


def _absent(limit: Limit, reason: str) -> Judged:
    """Return a limit whose value was not measured: nothing can be released by it."""
    return Judged(limit, None, "INVALID", note=f"not evaluable: {reason}")
