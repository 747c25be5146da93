"""Do the sample tubes agree?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from nkflow.release.suitability.check import Check, Measured, met

__all__ = ["replicate_checks"]


def replicate_checks(measured: Measured) -> Iterator[Check]:
    """Yield the number of sample tubes and how far each lies from their mean; no tube is ever left out."""
    if "replicates" not in measured.rules.counting:
        return
    composition, source = measured.composition, "protocol, counting.replicates"
    rules = None if composition is None else composition.rules
    if composition is None or rules is None:
        missing, limit = "not all sample tubes were counted", "counts of all sample tubes"
        yield Check("replicates agree", "", missing, limit, "not assessable", source)
        return
    rule, number = rules.replicates, len(composition.tubes)
    limit = f"at least {rule.minimum}"
    yield Check("sample tubes", "", f"{number}", limit, met(number >= rule.minimum), source)
    values = composition.scale.by_tube(composition.counts_of(measured.dosed))
    mean = math.fsum(values) / len(values)
    if number < 2:
        return
    limit = f"within {rule.max_deviation_pct:g} % of the mean of {measured.dosed}"
    for tube, value in zip(composition.tubes, values, strict=True):
        apart = 100 * (value / mean - 1) if mean > 0 else 0.0
        outcome = met(abs(apart) <= rule.max_deviation_pct)
        yield Check("replicates agree", tube.tube, f"{apart:+.1f} %", limit, outcome, source)
