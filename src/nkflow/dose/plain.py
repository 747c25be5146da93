"""A judged dose as plain JSON values: no NaN, nothing rounded, in the words of the glossary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nkflow.counting.concentration import Concentration
from nkflow.dose.judge import log10_depletion, recovery_pct
from nkflow.dose.kir import kir_mismatch

if TYPE_CHECKING:
    from nkflow.dose.case import Case
    from nkflow.dose.protocol import Protocol
    from nkflow.dose.result import Dose

__all__ = ["plain_dose"]


def plain_dose(dose: Dose) -> dict[str, Any]:
    """Return verdict, definitions, composition, plan, limits, budget and findings of `dose`."""
    case = dose.case
    delivered = dose.level.delivered
    return {
        "lot": case.lot,
        "verdict": dose.verdict,
        "computed_verdict": dose.computed_verdict,
        "assurance": dose.assurance,
        "reasons": list(dose.reasons),
        "protocol": _protocol(case.protocol),
        "recipient": case.recipient.model_dump(mode="json"),
        "product": case.product.model_dump(mode="json", exclude_none=True),
        "number": case.order.number,
        "infusion_at": case.order.infusion_at.isoformat(),
        "volume_ml": dose.volume_ml,
        "prescribed_per_kg": dose.level.level.per_kg,
        "delivered_per_kg": dose.delivered_per_kg,
        "delivered_interval": None if delivered is None else delivered.interval.as_dict(),
        "residual_t": _residual_t(dose),
        "composition": dose.composition.as_dict(),
        "bag": dose.bag.as_dict(),
        "product_figures": _product_figures(dose),
        "levels": [level.as_dict() for level in dose.levels],
        "limits": {name: judged.as_dict() for name, judged in dose.limits.items()},
        "window": None if dose.level.window is None else dose.level.window.as_dict(),
        "externals": {check.name: check.as_dict() for check in dose.externals},
        "caps": [cap.as_dict() for cap in dose.caps],
        "budget": {name: dose.budget_of(name) for name in ("dosed", "residual T")},
        "monte_carlo": {name: found.as_dict() for name, found in dose.monte_carlo.items()},
        "kir_ligands": kir_mismatch(case.kir_ligands),
        "earlier": _earlier(case),
        "skipped": [missed.model_dump(mode="json") for missed in case.order.skipped],
        "findings": [finding.as_dict() for finding in dose.findings],
    }


def _earlier(case: Case) -> list[dict[str, Any]]:
    """Return the doses given before, by the hash of their records, with the dosed cells and CD3+ cells they brought."""
    meant = case.protocol.definitions
    names = tuple(dict.fromkeys((meant.dosed_population, meant.residual_t, "CD3+")))
    return [given.as_dict(names, confidence=case.protocol.confidence) for given in case.given]


def _protocol(protocol: Protocol) -> dict[str, Any]:
    """Return which protocol judged, and its definitions."""
    return {
        "name": protocol.name,
        "version": protocol.version,
        "sha256": protocol.sha256,
        "definitions": protocol.definitions.model_dump(mode="json"),
        "confidence": protocol.confidence,
    }


def _residual_t(dose: Dose) -> dict[str, Any]:
    """Return residual T per kg with CD3dim added as its upper case, and all CD3+ beside it."""
    name = dose.case.protocol.definitions.residual_t
    amounts = dose.amounts
    if name not in amounts:
        return {"population": name, "per_kg": None, "upper_case_per_kg": None, "all_cd3_per_kg": None}
    value, dim, cd3 = amounts[name].value, amounts.get("CD3dim"), amounts.get("CD3+")
    return {
        "population": name,
        "per_kg": value,
        "text": amounts[name].text,
        "upper_case_per_kg": None if dim is None else value + dim.value,
        "all_cd3_per_kg": None if cd3 is None else cd3.value,
    }


def _product_figures(dose: Dose) -> dict[str, Any]:
    """Return purity, recovery after thawing, T cells in the bag, depletion, viability of the dosed cells.

    The viability of the dosed cells differs from that of all CD45+ cells; it needs a count of their dead ones
    (``dead CD56+``), which few templates have.
    """
    case = dose.case
    residual = case.composition.concentration(case.protocol.definitions.residual_t)
    depletion = log10_depletion(case)
    in_bag = residual.per_ml * case.product.bag_volume_ml if isinstance(residual, Concentration) else None
    denominator = case.protocol.definitions.purity_denominator
    live, dead = (case.composition.pooled.get(name) for name in (case.dosed, f"dead {case.dosed}"))
    return {
        "purity": case.composition.frequency(case.dosed, denominator).as_dict(),
        "viability_of_dosed_pct": 100 * live / (live + dead) if live and dead is not None else None,
        "recovery_pct": recovery_pct(case),
        "residual_t_in_bag": in_bag,
        "log10_depletion": None if depletion is None else depletion[0],
        "log10_depletion_at_least": None if depletion is None else depletion[1],
    }
