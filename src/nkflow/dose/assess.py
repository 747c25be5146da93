"""The step from a composition to a judged dose."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nkflow.counting.composition import Composition
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.quantify import under
from nkflow.dose.caps import caps_of
from nkflow.dose.case import Case
from nkflow.dose.earlier import Count, Given, given_doses
from nkflow.dose.externals import ExternalResult
from nkflow.dose.judge import judge_product
from nkflow.dose.levels import levels_of
from nkflow.dose.lot import Lot
from nkflow.dose.plan import bag_of
from nkflow.dose.product import DoseOrder, Product, Recipient
from nkflow.dose.protocol import Protocol
from nkflow.dose.remarks import remarks
from nkflow.dose.result import Dose
from nkflow.dose.results import check_external
from nkflow.dose.validity import validity_findings
from nkflow.errors import CountingError, LotError, Problem

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
    drawn = math.fsum(given.volume_ml for given in case.given if _from_this_bag(given, case))
    bag = bag_of(case.product, per_ul=found.per_ul, mass_kg=case.recipient.mass_kg, drawn_ml=drawn)
    levels = levels_of(case, bag)
    product_limits = judge_product(case)
    findings = (*validity_findings(case), *remarks(case, levels))
    return Dose(
        case,
        bag,
        levels,
        product_limits,
        tuple(check_external(rule, case.external) for rule in protocol.externals),
        caps_of(case, bag),
        findings,
    )


def _from_this_bag(given: Given, case: Case) -> bool:
    """Tell whether an earlier dose left this bag after the bag was counted, and so with what it held then."""
    return given.lot == case.lot and given.infused_at >= case.product.counted_at


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
    bag = product.product if isinstance(product, Lot) else product
    own = Count(lot.lot if lot else "", bag.counted_at, composition.measurement)
    given = given_doses(order.earlier, lot.records if lot else {}, own=own)
    return Case(
        own.lot,
        bag,
        recipient,
        order,
        dict(external if external is not None else (lot.external if lot else {})),
        lot.kir_ligands if lot else None,
        protocol,
        under(composition, protocol.counting),
        given,
    )
