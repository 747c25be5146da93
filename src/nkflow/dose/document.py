"""From a lot whose tubes another program gated to its judged dose and the one document of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from nkflow.counting.quantify import quantify
from nkflow.counting.tubes import TubeCounts
from nkflow.counting.volume import Acquisition
from nkflow.dose.assess import assess_dose
from nkflow.dose.lot import Lot, Tube
from nkflow.dose.protocol import Protocol, load_protocol
from nkflow.dose.result import Dose
from nkflow.errors import LotError, Problem

__all__ = ["SCHEMA", "dose_document", "dose_of_counts"]

SCHEMA = "nkflow/dose"
VERSION = 1


def dose_of_counts(lot: Lot, protocol: Protocol | None = None) -> Dose:
    """Return the dose of a lot whose sample tubes hold counts; `protocol` stands above the lot's.

    Raises
    ------
    LotError
        Where a sample tube has a file: its counts come from gating (``nkflow release``).
    CountingError
        Where the counts allow no concentration.
    """
    problems = [
        Problem(lot.lot, None, f"tubes[{tube.id}]", "a file", "counts", "Use 'nkflow release' for files.")
        for tube in lot.of_role("sample")
        if tube.counts is None
    ]
    if problems:
        raise LotError(f"{lot.lot} has tubes that were not counted", problems)
    blanks: defaultdict[str, list[TubeCounts]] = defaultdict(list)
    for tube in lot.of_role("fmo"):
        if tube.counts is not None and tube.marker is not None:
            blanks[tube.marker].append(_counts(tube))
    samples = [_counts(tube) for tube in lot.of_role("sample")]
    composition = quantify(samples, counting=lot.counting, blanks=blanks)
    return assess_dose(composition, product=lot, protocol=protocol or load_protocol(lot.protocol))


def dose_document(lot: Lot, protocol: Protocol | None = None) -> dict[str, Any]:
    """Return the document of `dose_of_counts`: every number at full precision, as plain JSON values."""
    return {"schema": SCHEMA, "version": VERSION} | dose_of_counts(lot, protocol).as_dict()


def _counts(tube: Tube) -> TubeCounts:
    return TubeCounts(tube.id, dict(tube.counts or {}), Acquisition(tube.acquired_volume_ul))
