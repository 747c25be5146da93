"""Cells that sit in the doublets which the singlet gate leaves out.

They will be infused, and no population counts them. From the tubes' own counts: ``cells`` is the scatter gate
of cells (beads excluded) and ``singlets`` lies in it. The S singlets are S cells; the D = cells - singlets
excluded events hold m cells each, m = 2 for pairs. So there are S + m·D cells where S were counted, and

    f = 1 + m·r,    u(f)/f = sqrt((r·u(m))² + m²·r·(1 + r)/S) / f,    r = D/S

(the second part is the counting of D and S). One factor serves all populations: when cells stick together by
chance, a cell of any kind is as likely to have a partner, so the cells in doublets have the composition and
viability of the singlets. Where kinds stick preferentially (T with NK, dead with anything) a population's
own factor differs; `u(m)`, which the protocol states with its source, has to cover that, and the single cells
that the gate cuts off, and the clumps of three. Frequencies need no correction under the same assumption.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from nkflow.counting.budget import Term
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.rules import DoubletRule

__all__ = ["Doublets", "excluded_doublets"]


@dataclass(frozen=True)
class Doublets:
    """How many cells the singlet gate hides, and what is done about it.

    Attributes
    ----------
    events_fraction
        D / (S + D): excluded events among those of the cell gate.
    cells_fraction
        m·D / (S + m·D): cells in excluded events among all cells.
    factor
        f, by which concentrations are too low.
    u_rel
        Relative standard uncertainty of f.
    applied
        f where the protocol corrects, else 1.
    terms
        Of the budget of every concentration; empty where nothing is corrected.
    """

    policy: str
    events_fraction: float
    cells_fraction: float
    factor: float
    u_rel: float
    applied: float
    terms: tuple[Term, ...]

    def cancelled(self) -> Doublets:
        """Return the same where cells and denominator are both singlets: nothing is too low."""
        return replace(self, factor=1.0, u_rel=0.0, applied=1.0, terms=())

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain values."""
        return {
            "policy": self.policy,
            "events_fraction": self.events_fraction,
            "cells_fraction": self.cells_fraction,
            "factor": self.factor,
            "u_rel": self.u_rel,
            "applied_factor": self.applied,
            "effect_on_dose_pct": 100 * (self.factor - 1),
        }


def excluded_doublets(
    counts: Mapping[str, int], *, rule: DoubletRule, measurement: str
) -> Doublets | NotEvaluable:
    """Estimate the factor from pooled `counts` of ``cells`` and ``singlets``.

    Returns
    -------
    Doublets or NotEvaluable
        Not evaluable where the counts lack one of the two or no singlet was seen.
    """
    if rule.policy == "none":
        return NotEvaluable("the protocol's counts know nothing of doublets")
    cells, singlets = counts.get("cells"), counts.get("singlets")
    if cells is None or singlets is None:
        return NotEvaluable("cells and singlets were not counted in every tube")
    if not 0 < singlets <= cells:
        return NotEvaluable("the singlets are none, or more than the cells that hold them")
    excluded, mean = cells - singlets, rule.cells_per_event
    ratio = excluded / singlets
    factor = 1 + mean * ratio
    u_mean = ratio * (rule.u_cells_per_event or 0.0) / factor
    u_counting = mean * math.sqrt(excluded / singlets**2 * (1 + ratio)) / factor
    corrected = rule.policy == "correct"
    terms = (
        Term("cells per excluded doublet", "doublets", u_mean, True),
        Term(f"counting doublets @{measurement}", "doublets", u_counting, False),
    )
    return Doublets(
        rule.policy,
        excluded / cells,
        mean * excluded / (singlets + mean * excluded),
        factor,
        math.hypot(u_mean, u_counting),
        factor if corrected else 1.0,
        terms if corrected else (),
    )
