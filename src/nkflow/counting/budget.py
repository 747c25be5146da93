"""The uncertainty of an estimate as a list of sources, so that estimates that share a source know it.

An estimate y has relative sensitivities: ``ln y`` changes by `Term.u` when the source moves by one standard
uncertainty. Terms of one source add with their signs; different sources add in quadrature (JCGM 100, 5.1 and
5.2). So a pipette that draws beads and sample cancels its own calibration, and two doses counted with one
bead lot do not pretend to be independent.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Budget", "Kind", "Term", "combined", "covariance"]

Kind = Literal[
    "cells",
    "beads",
    "bead volume",
    "sample volume",
    "pipette calibration",
    "bead lot",
    "dilution",
    "acquired volume",
    "tube volume",
    "analyser",
    "doublets",
    "gate",
]


@dataclass(frozen=True)
class Term:
    """One source of error of one estimate.

    Attributes
    ----------
    source
        Name of the source; two terms with the same name are the same error.
    kind
        What sort of source it is.
    u
        Relative standard uncertainty that it brings, with the sign of its effect.
    shared
        Whether independent preparations (another dose of the same protocol) share it: a bead lot, a
        calibration, a dilution scheme; counting and the scatter of pipetting they do not.
    """

    source: str
    kind: Kind
    u: float
    shared: bool

    def as_dict(self) -> dict[str, object]:
        """Return the term as plain values."""
        return {"source": self.source, "kind": self.kind, "u": self.u, "shared": self.shared}


@dataclass(frozen=True)
class Budget:
    """All terms of one estimate."""

    terms: tuple[Term, ...]

    @property
    def u_rel(self) -> float:
        """Combined relative standard uncertainty."""
        return math.sqrt(math.fsum(u * u for u in self.by_source().values()))

    def by_source(self) -> dict[str, float]:
        """Return the signed sum of the terms of each source."""
        sums: defaultdict[str, float] = defaultdict(float)
        for term in self.terms:
            sums[term.source] += term.u
        return dict(sums)

    def contributions(self) -> list[dict[str, object]]:
        """Return variance and share of each source, largest first."""
        sums = self.by_source()
        total = math.fsum(u * u for u in sums.values())
        kinds = {term.source: (term.kind, term.shared) for term in self.terms}
        rows: list[dict[str, object]] = []
        for source in sorted(sums, key=lambda name: (-abs(sums[name]), name)):
            variance = sums[source] ** 2
            kind, shared = kinds[source]
            rows.append(
                {"source": source, "kind": kind, "u": sums[source], "variance": variance}
                | {"share": variance / total if total > 0 else 0.0, "shared": shared}
            )
        return rows


def covariance(one: Budget, other: Budget) -> float:
    """Return the covariance of ln y of two estimates: the products of their common sources."""
    theirs = other.by_source()
    return math.fsum(u * theirs.get(source, 0.0) for source, u in one.by_source().items())


def combined(
    parts: Iterable[tuple[float, Sequence[Term]]], *, independent: bool = False
) -> tuple[float, float]:
    """Return the sum of estimates and its relative standard uncertainty.

    ``u(Σy)² = Σ_sources (Σ_i y_i u_i)²``: shared sources add linearly, the others in quadrature, which is the
    second correlation trap of cumulative doses. With `independent` every part counts as a preparation of its
    own, so that only `shared` sources are common.

    Parameters
    ----------
    parts
        Value and terms of each estimate.
    independent
        What the uncertainty would be if each part had been prepared and counted anew.
    """
    total = 0.0
    sums: defaultdict[tuple[str, int], float] = defaultdict(float)
    for index, (value, terms) in enumerate(parts):
        total += value
        for term in terms:
            own = 0 if term.shared or not independent else index + 1
            sums[term.source, own] += value * term.u
    if total <= 0:
        return total, 0.0
    return total, math.sqrt(math.fsum(u * u for u in sums.values())) / total
