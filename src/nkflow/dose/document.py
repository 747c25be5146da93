"""From a lot whose tubes another program gated to its judged dose and the one document of it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from nkflow.counting.quantify import quantify
from nkflow.counting.tubes import TubeCounts
from nkflow.counting.volume import Acquisition
from nkflow.dose.assess import assess_dose
from nkflow.dose.lot import Lot, Tube, load_lot
from nkflow.dose.named import collect, load_named
from nkflow.dose.protocol import Protocol, load_protocol, protocols
from nkflow.dose.result import Dose
from nkflow.errors import LotError, Problem

__all__ = ["SCHEMA", "dose_document", "dose_of_counts", "load_counted"]

SCHEMA = "nkflow.dose"
VERSION = 1


def load_counted(path: str | Path) -> tuple[Lot, Protocol]:
    """Read the lot at `path` and the protocol it names.

    Raises
    ------
    LotError
        With the mistakes of both.
    """
    path = Path(path)
    problems: list[Problem] = []
    lot = collect(lambda: load_lot(path), problems)
    protocol = load_named("protocol", path=path, load=load_protocol, shipped=protocols(), problems=problems)
    if problems or lot is None or protocol is None:
        count = len(problems)
        text = f"{path} can't be judged: {count} mistake{'s' if count != 1 else ''}"
        raise LotError(text, list(dict.fromkeys(problems)))
    return lot, protocol


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
