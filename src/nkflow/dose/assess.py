"""The step from a composition to a judged dose."""

from __future__ import annotations

from collections.abc import Mapping

from nkflow.counting.composition import Composition
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.quantify import under
from nkflow.dose.caps import caps_of
from nkflow.dose.case import Case
from nkflow.dose.decide import Judged
from nkflow.dose.earlier import Given, given_doses
from nkflow.dose.externals import ExternalResult
from nkflow.dose.judge import judge_product
from nkflow.dose.levels import Level, levels_of
from nkflow.dose.lot import Lot
from nkflow.dose.plan import bag_of
from nkflow.dose.product import DoseOrder, Product, Recipient
from nkflow.dose.protocol import Protocol
from nkflow.dose.result import Dose
from nkflow.dose.results import check_external
from nkflow.dose.validity import validity_findings
from nkflow.errors import CountingError, LotError, Problem
from nkflow.fcs.findings import Finding

__all__ = ["assess_dose"]


def assess_dose(
    composition: Composition,
    *,
    product: Product | Lot,
    protocol: Protocol,
    recipient: Recipient | None = None,
    dose: DoseOrder | None = None,
    external: Mapping[str, ExternalResult] | None = None,
) -> Dose:
    """Plan and judge one dose.

    Parameters
    ----------
    composition
        Of the lot's sample tubes (`nkflow.counting.quantify`); it is judged anew by the protocol's rules.
    product
        What is in the bag, or the whole lot: recipient, dose and external results then come from it.
    protocol
        Levels, definitions and limits.
    recipient, dose, external
        For whom, which dose, and results of other tests; given, they stand above the lot's.

    Raises
    ------
    LotError
        Where recipient or dose is missing, the protocol has no such dose, or an earlier record can't be read.
    CountingError
        Where the dosed population was not counted.
    """
    case = _case(composition, product, protocol=protocol, recipient=recipient, dose=dose, external=external)
    found = case.composition.concentration(case.dosed)
    if isinstance(found, NotEvaluable):
        raise CountingError(f"no dose of {case.dosed}: {found.reason}", code="no-dosed-population")
    drawn = sum(given.volume_ml for given in case.given if given.measurement == composition.measurement)
    bag = bag_of(case.product, per_ul=found.per_ul, mass_kg=case.recipient.mass_kg, drawn_ml=drawn)
    levels = levels_of(case, bag)
    product_limits = judge_product(case)
    findings = (*validity_findings(case), *_flips(case, levels), *_dim_t_cells(case, levels))
    return Dose(
        case,
        bag,
        levels,
        product_limits,
        tuple(check_external(rule, case.external) for rule in protocol.externals),
        caps_of(case, bag),
        findings,
    )


def _case(
    composition: Composition,
    product: Product | Lot,
    *,
    protocol: Protocol,
    recipient: Recipient | None,
    dose: DoseOrder | None,
    external: Mapping[str, ExternalResult] | None,
) -> Case:
    lot = product if isinstance(product, Lot) else None
    recipient = recipient or (lot.recipient if lot else None)
    order = dose or (lot.dose if lot else None)
    problems = [
        Problem(lot.lot if lot else "lot", None, name, "nothing", "a value: the field is required")
        for name, value in (("recipient", recipient), ("dose", order))
        if value is None
    ]
    if recipient is None or order is None:
        raise LotError("a dose needs a recipient and a number", problems)
    numbers = [level.number for level in protocol.doses]
    if order.number not in numbers:
        expected = f"one of {', '.join(map(str, numbers))}"
        problem = Problem(lot.lot if lot else "lot", None, "dose.number", str(order.number), expected)
        raise LotError(f"{protocol.name} has no dose {order.number}", [problem])
    given: tuple[Given, ...] = given_doses(order.earlier, lot.records if lot else {})
    return Case(
        lot.lot if lot else "",
        lot.product if lot else product,  # type: ignore[arg-type]
        recipient,
        order,
        dict(external if external is not None else (lot.external if lot else {})),
        lot.kir_ligands if lot else None,
        protocol,
        under(composition, protocol.counting),
        given,
    )


def _flips(case: Case, levels: tuple[Level, ...]) -> list[Finding]:
    """Say so where rounding the volume changes a limit's verdict at this dose."""
    level = next(level for level in levels if level.level.number == case.order.number)
    if level.nominal is None or level.rounded is None:
        return []
    sides: list[tuple[dict[str, Judged], dict[str, Judged]]] = [(level.nominal.limits, level.rounded.limits)]
    if level.summed is not None:
        sides.append((level.summed.nominal_limits, level.summed.rounded_limits))
    found: list[Finding] = []
    for nominal, rounded in sides:
        for name in rounded:
            for rule in ("simple", "guarded"):
                before, after = getattr(nominal[name], rule), getattr(rounded[name], rule)
                if before != after:
                    text = f"{name} ({rule} rule): {before} at the nominal volume, {after} at the rounded one"
                    decided = "the rounded volume decides: it is what will be infused"
                    found.append(Finding("volume-rounding-decides", "warning", text, name, decided))
    return found


def _dim_t_cells(case: Case, levels: tuple[Level, ...]) -> list[Finding]:
    """Say so where CD3dim cells, added to residual T as its upper case, would pass its limit by."""
    level = next(level for level in levels if level.level.number == case.order.number)
    if level.rounded is None or "CD3dim" not in level.rounded.amounts:
        return []
    residual = case.protocol.definitions.residual_t
    upper = level.rounded.amounts[residual].value + level.rounded.amounts["CD3dim"].value
    found: list[Finding] = []
    for limit in case.protocol.limits:
        about_t = limit.quantity == "per_kg" and case.protocol.population(limit.population or "") == residual
        if about_t and limit.scope == "dose" and limit.op in ("<", "<=") and upper >= limit.value:
            text = f"{residual} and CD3dim together are {upper:.4g} per kg, limit {limit.op} {limit.value:g}"
            found.append(
                Finding("cd3dim-upper-case", "warning", text, limit.name, "look at the CD3dim cells")
            )
    return found
