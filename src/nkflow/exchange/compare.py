"""Another tool's counts beside ours, population by population, and the events on the border between them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nkflow.exchange.grid_border import near_outlines
from nkflow.exchange.imported import ImportedTemplate
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample
from nkflow.gating.result import Gating
from nkflow.gating.run import gate

__all__ = ["Comparison", "CountDifference", "compare_counts"]

_SHOWN = 20


@dataclass(frozen=True)
class CountDifference:
    """One population as the other tool counted it and as we do.

    Attributes
    ----------
    population
        Its path.
    theirs, ours
        Events; theirs None where the other tool stored no count.
    on_grid
        Ours, with outlines tested on FlowJo's grid; None without a template for it.
    border
        Events that FlowJo's grid may put on the other side: those whose membership our grid changes; where that
        does not give their count, also those within a step of an outline, its own or one it depends on.
    first
        Up to 20 of them, from 0.
    """

    population: str
    theirs: int | None
    ours: int
    on_grid: int | None
    border: int
    first: tuple[int, ...] = ()

    @property
    def difference(self) -> int | None:
        """Ours less theirs."""
        return None if self.theirs is None else self.ours - self.theirs

    @property
    def verdict(self) -> str:
        """``same``, ``grid`` (exactly what the grid makes of it), ``border``, ``unexplained``, ``no count``."""
        if self.theirs is None or self.difference is None:
            return "no count"
        if self.difference == 0:
            return "same"
        if self.on_grid == self.theirs:
            return "grid"
        return "border" if abs(self.difference) <= self.border else "unexplained"

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as plain values."""
        return asdict(self) | {
            "first": list(self.first),
            "difference": self.difference,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, eq=False)
class Comparison:
    """All populations of one sample; the gating is ours, on exact values.

    ``findings`` say what makes the other tool's counts doubtful.
    """

    sample: str
    rows: tuple[CountDifference, ...]
    gating: Gating
    findings: tuple[Finding, ...] = ()

    @property
    def explained(self) -> bool:
        """Whether no population differs without an explanation."""
        return all(row.verdict != "unexplained" for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {
            "sample": self.sample,
            "explained": self.explained,
            "populations": [row.as_dict() for row in self.rows],
            "findings": [finding.as_dict() for finding in self.findings],
        }


def compare_counts(
    sample: Sample,
    template: ImportedTemplate,
    *,
    on_grid: ImportedTemplate | None = None,
    allow: Collection[str] = (),
) -> Comparison:
    """Gate `sample` and return our counts beside the stored ones of `template`.

    Parameters
    ----------
    on_grid
        The same template read with ``flowjo_binned=True``: the events that it moves explain a difference.
    allow
        As for `gate`.
    """
    ours = gate(sample, template, allow=allow, histograms=False)
    binned = None if on_grid is None else gate(sample, on_grid, allow=allow, histograms=False)
    near = near_outlines(ours)
    rows = []
    for path in template.paths_with_counts():
        if path not in ours.counts:
            continue
        border = near.get(path, np.zeros(sample.n_events, dtype=np.bool_))
        if binned is not None and path in binned.counts:
            moved = ours.mask(path) != binned.mask(path)
            exact = binned.counts[path] == template.stored_counts.get(path)
            border = moved if exact else border | moved
        rows.append(
            CountDifference(
                path,
                template.stored_counts.get(path),
                ours.counts[path],
                None if binned is None else binned.counts[path],
                int(border.sum()),
                tuple(np.flatnonzero(border)[:_SHOWN].tolist()),
            )
        )
    return Comparison(sample.name, tuple(rows), ours, tuple(_doubts(sample, template.program)))


def _doubts(sample: Sample, program: str) -> Iterator[Finding]:
    """Iterate over what is known to mislead the other tool's reader in such a file.

    FlowJo since 10.2 takes packed integers for 16-bit ones (measured: the counts of 10.8 on files of 9 bits).
    """
    name, _, version = program.partition(" ")
    numbers = [int(part) if part.isdigit() else 0 for part in version.split(".")[:2]]
    packed = sorted({channel.bits for channel in sample.channels if channel.bits % 8})
    if name == "FlowJo" and numbers >= [10, 2] and packed:
        text = f"FlowJo since 10.2 misreads integers of {packed[0]} bits"
        yield Finding("flowjo-misreads-file", "warning", text, sample.name, "its counts are of other values")
