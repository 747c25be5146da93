"""All preconditions of one lot, in the order in which a reviewer asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from nkflow.counting.composition import Composition
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import Protocol
from nkflow.dose.suitability import SuitabilityRules
from nkflow.release.suitability.beads import bead_checks
from nkflow.release.suitability.check import Check, Measured
from nkflow.release.suitability.controls import control_checks
from nkflow.release.suitability.identity import identity_checks
from nkflow.release.suitability.materials import material_checks
from nkflow.release.suitability.replicates import replicate_checks
from nkflow.release.suitability.runs import run_checks
from nkflow.release.suitability.settings import setting_checks
from nkflow.release.tubes import GatedTube

__all__ = ["check_suitability"]

_WITHOUT_RULES = SuitabilityRules(source="nkflow: holds for every lot")


def check_suitability(
    protocol: Protocol, lot: Lot, *, tubes: Sequence[GatedTube], composition: Composition | None
) -> tuple[Check, ...]:
    """Return a check for each rule and tube that it concerns.

    Without the protocol's section ``suitability:`` what remains is what no lot may break: a file given as two
    tubes, a material out of date, a control outside its own sheet.
    """
    rules = protocol.suitability or _WITHOUT_RULES
    dosed = protocol.definitions.dosed_population
    measured = Measured(rules, lot, tubes, composition, dosed)
    return (
        *identity_checks(measured),
        *setting_checks(measured),
        *material_checks(measured),
        *run_checks(measured),
        *control_checks(measured),
        *bead_checks(measured),
        *replicate_checks(measured),
    )
