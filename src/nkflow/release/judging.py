"""From gated tubes to the lot's verdict: counts, composition, dose, preconditions; and why it is what it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nkflow.counting.composition import Composition
from nkflow.counting.quantify import quantify
from nkflow.counting.tubes import TubeCounts
from nkflow.dose.assess import assess_dose
from nkflow.dose.decide import Verdict, worst
from nkflow.dose.result import Dose
from nkflow.errors import CountingError
from nkflow.release.inputs import Inputs
from nkflow.release.suitability import Check, check_suitability
from nkflow.release.tubes import GatedTube

__all__ = ["Judgement", "judge_lot", "without_later_doses"]


@dataclass(frozen=True, eq=False)
class Judgement:
    """What the tubes of a lot amount to.

    Attributes
    ----------
    composition, dose
        None where the sample tubes do not allow them.
    checks
        The preconditions of the protocol, and what no lot may break.
    invalid
        What makes the lot INVALID besides the dose's own findings.
    """

    composition: Composition | None
    dose: Dose | None
    checks: tuple[Check, ...]
    invalid: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the dose, the tubes and the preconditions."""
        found: list[Verdict] = ["INVALID"] if self.invalid else []
        return worst([*found, *([] if self.dose is None else [self.dose.verdict])])

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is not PASS, in plain sentences."""
        return tuple(f"INVALID: {reason}" for reason in self.invalid) + (
            () if self.dose is None else self.dose.reasons
        )


def judge_lot(inputs: Inputs, tubes: tuple[GatedTube, ...]) -> Judgement:
    """Return composition and dose as far as the tubes allow, and why the lot is INVALID, if it is."""
    composition, dose, invalid = _dose(inputs, tubes)
    checks = check_suitability(inputs.protocol, inputs.lot, tubes=tubes, composition=composition)
    invalid += tuple(check.reason for check in checks if check.outcome != "met")
    return Judgement(composition, dose, checks, invalid)


def without_later_doses(inputs: Inputs) -> Inputs:
    """Return the same lot without the protocol's later doses, which no verdict of this dose asks for: judged faster."""
    order, protocol = inputs.lot.dose, inputs.protocol
    if order is None:
        return inputs
    doses = tuple(level for level in protocol.doses if level.number <= order.number)
    return replace(inputs, protocol=protocol.model_copy(update={"doses": doses}))


def _dose(
    inputs: Inputs, tubes: tuple[GatedTube, ...]
) -> tuple[Composition | None, Dose | None, tuple[str, ...]]:
    reasons = tuple(reason for tube in tubes for reason in tube.reasons)
    try:
        counts = [tube.counts(inputs.lot.counting) for tube in tubes if tube.role == "sample"]
        samples = [count for count in counts if count is not None]
        if len(samples) < len(counts):
            # no tube is dropped by choice: without one of them there is no pooled count
            return None, None, reasons
        composition = quantify(samples, counting=inputs.lot.counting, blanks=_blanks(inputs, tubes))
        dose = assess_dose(composition, product=inputs.lot, protocol=inputs.protocol)
    except CountingError as error:
        return None, None, (*reasons, str(error))
    return dose.composition, dose, reasons


def _blanks(inputs: Inputs, tubes: tuple[GatedTube, ...]) -> dict[str, list[TubeCounts]]:
    """Return the counts of the FMO tubes, by the marker they lack."""
    blanks: dict[str, list[TubeCounts]] = {}
    for tube in tubes:
        counts = tube.counts(inputs.lot.counting) if tube.role == "fmo" else None
        if counts is not None and tube.marker is not None:
            blanks.setdefault(tube.marker, []).append(counts)
    return blanks
