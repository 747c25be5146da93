"""`cross_check`: FlowKit gates the same tube from the raw file, and every event is compared.

FlowKit reads the file by itself (FlowIO), compensates and scales by itself. What crosses over is the resolved
template and the matrix, as Gating-ML that `write_gatingml` writes. A population that FlowKit can't carry is named,
with the reason; so is an event on which the two may differ, and why.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import GatingError
from nkflow.exchange.differences import Difference, find_differences
from nkflow.exchange.gatingml_write import GatingMLDocument
from nkflow.exchange.second_matrix import file_matrix
from nkflow.exchange.second_reader import FAILURES, misleading, read_with_flowkit
from nkflow.fcs.sample import Sample
from nkflow.gating.result import Gating

if TYPE_CHECKING:
    from flowkit import GatingResults

__all__ = ["CrossCheck", "cross_check"]

Masks = Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class CrossCheck:
    """What a second engine makes of the same tube and template.

    Attributes
    ----------
    engine, version
        Which one.
    refused
        Why the engine could not read the file at all; "" where it did.
    misleading
        Where it refused or differs: what in such a file is known to mislead its reader.
    counts
        Population -> (our count, its count) within the compared events; the names are `Gating`'s.
    differences
        Populations on which they differ, event by event, with what explains them.
    not_compared
        Population -> why the engine can't carry it.
    matrix
        What is wrong with the file's own matrix where the engine reads another one; "" where they are the same,
        or the file's own is not applied.
    n_events
        Events compared: all, or those of the mask.
    """

    engine: str
    version: str
    n_events: int
    counts: Mapping[str, tuple[int, int]]
    differences: tuple[Difference, ...] = ()
    not_compared: Mapping[str, str] | None = None
    matrix: str = ""
    refused: str = ""
    misleading: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether something was compared, and each event on which the engines differ is explained."""
        explained = all(difference.is_explained for difference in self.differences)
        return not self.refused and not self.matrix and bool(self.counts) and explained

    @property
    def identical(self) -> bool:
        """Whether every population was compared and not one event differs."""
        return self.agrees and not self.differences and not self.not_compared

    @property
    def explained(self) -> bool:
        """Whether the engines agree, or the other one's reader is known to be misled by such a file."""
        return self.agrees or bool(self.misleading)

    @property
    def differing(self) -> int:
        """Events that differ without an explanation, summed over populations."""
        return sum(difference.unexplained for difference in self.differences)

    def summary(self) -> str:
        """Return one sentence for a person."""
        if self.refused:
            return f"{self.engine} {self.version} does not read the file: {self.refused}"
        left = len(self.not_compared or {})
        more = f"; {left} populations could not be compared" if left else ""
        explained = sum(difference.explained for difference in self.differences)
        if self.agrees:
            what = f"{explained} events differ and are explained" if explained else "no event differs"
            return f"{self.engine} {self.version} agrees on {len(self.counts)} populations: {what}{more}"
        if self.matrix:
            return f"{self.engine} {self.version} disagrees on the matrix of the file: {self.matrix}"
        worst = max(self.differences, key=lambda d: d.unexplained, default=None)
        found = (
            "nothing could be compared"
            if worst is None
            else f"{worst.unexplained} events of {worst.population}"
        )
        return f"{self.engine} {self.version} disagrees: {found}{more}"

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values, for a record."""
        return {
            "engine": self.engine,
            "version": self.version,
            "agrees": self.agrees,
            "identical": self.identical,
            "summary": self.summary(),
            "n_events": self.n_events,
            "refused": self.refused,
            "matrix": self.matrix,
            "misleading": list(self.misleading),
            "explained": self.explained,
            "counts": {name: {"ours": a, "theirs": b} for name, (a, b) in self.counts.items()},
            "differences": [difference.as_dict() for difference in self.differences],
            "not_compared": dict(self.not_compared or {}),
        }


def cross_check(sample: Sample, gating: Gating, *, keep: NDArray[np.bool_] | None = None) -> CrossCheck:
    """Return FlowKit's membership of every population of `gating`, compared with ours event for event.

    Parameters
    ----------
    sample
        The tube that was gated; FlowKit opens its file by the path.
    keep : (n_events,)
        Events that count, for instance what acquisition QC kept: applied to both sides after gating.

    Raises
    ------
    GatingError
        ``no-file`` for a sample in memory, ``no-membership`` where `gating` kept none.
    """
    if sample.path is None:
        raise GatingError(
            "a second engine reads the file by itself, and this sample has none",
            code="no-file",
            where=sample.name,
            next_step="Write the sample to a file first, and read it back.",
        )
    version = _version()
    kept = np.ones(sample.n_events, dtype=np.bool_) if keep is None else np.asarray(keep, dtype=np.bool_)
    whole = CrossCheck("FlowKit", version, int(kept.sum()), {}, not_compared={})
    document = GatingMLDocument(gating.template, gating.binding, dialect="flowkit")
    keys = gating.template.tree.keys
    left_out = {keys[index]: why for index, why in sorted(document.uncarried.items())}
    try:
        masks, matrix = _flowkit(sample, gating, document)
    except _RefusedError as problem:
        return replace(whole, refused=str(problem), not_compared=left_out, misleading=misleading(sample))
    ours = {key: gating.mask(key) & kept for key in masks}
    theirs = {key: mask & kept for key, mask in masks.items()}
    counts = {key: (int(ours[key].sum()), int(theirs[key].sum())) for key in masks}
    differences = find_differences(gating, ours, theirs)
    found = replace(whole, counts=counts, differences=differences, not_compared=left_out, matrix=matrix)
    return found if found.agrees else replace(found, misleading=misleading(sample))


class _RefusedError(Exception):
    """FlowKit could not do it."""


def _version() -> str:
    from importlib.metadata import version

    return version("flowkit")


def _flowkit(sample: Sample, gating: Gating, document: GatingMLDocument) -> tuple[Masks, str]:
    """Return what FlowKit finds, population -> membership (n_events,), and what it says of the matrix."""
    import warnings

    tree = gating.template.tree
    carried = [index for index in range(len(tree.nodes)) if index not in document.uncarried]
    if not carried:
        return {}, ""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        import flowkit

        path = Path(folder) / "template.xml"
        path.write_bytes(document.xml())
        try:
            strategy = flowkit.parse_gating_xml(str(path))
            events = read_with_flowkit(sample)
            if events.event_count != sample.n_events:
                raise _RefusedError(f"it finds {events.event_count} events instead of {sample.n_events}")
            matrix = file_matrix(sample, gating, events.get_metadata())
            result = strategy.gate_sample(events)
        except (*FAILURES, flowkit.exceptions.FlowKitException) as problem:
            raise _RefusedError(f"{problem}"[:500] or type(problem).__name__) from None
    return {tree.keys[index]: _membership(gating, result, document, index) for index in carried}, matrix


def _membership(
    gating: Gating, result: GatingResults, document: GatingMLDocument, index: int
) -> NDArray[np.bool_]:
    return np.asarray(
        result.get_gate_membership(document.ids[index], _path(gating, document, index)), dtype=np.bool_
    )


def _path(gating: Gating, document: GatingMLDocument, index: int) -> tuple[str, ...]:
    """Return the path that FlowKit gives to a population: quadrants stand below the gate that makes them."""
    nodes, names = gating.template.tree.nodes, []
    above = nodes[index].parent
    if nodes[index].entry in document.quadrant_ids:
        names.append(document.quadrant_ids[nodes[index].entry])
    while above >= 0:
        names.append(document.ids[above])
        if nodes[above].entry in document.quadrant_ids:
            names.append(document.quadrant_ids[nodes[above].entry])
        above = nodes[above].parent
    return ("root", *reversed(names))
