"""T cells that hide in doublets: an NK cell with a T cell at its side is neither an NK nor a T cell to a gate."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nkflow.counting.budget import Term

__all__ = ["conjugates_term"]

DOUBLETS, WITH_CD3 = "viable doublets", "CD3+ doublets"
PAIRING = 0.02  # relative uncertainty of pairs by chance: large cells and small ones do not meet the singlet gate alike
LARGEST = 3.0  # a factor of 20 to either side says "not known"; of the last few T cells no more can be said


def conjugates_term(
    population: str, pooled: Mapping[str, int], *, phi: float, measurement: str
) -> tuple[Term, ...]:
    """Return the term that T cells in excluded doublets bring to the count of ``T``; nothing for others.

    If cells pair by chance, a share ``q = 1 - (1 - p)^2`` of the doublets is CD3+, p being the share of CD3+ among
    viable single cells. The excess ``E = N(CD3+ doublets) - q N(doublets)`` are T cells which the correction for
    doublets, the same for all populations, does not put back. The term is ``sqrt(max(E, 0)^2 +
    u(E)^2) / N(T)``, at most `LARGEST`. Where the template counts no doublets, or no T cell was seen, there is none.
    """
    doublets, with_cd3 = pooled.get(DOUBLETS), pooled.get(WITH_CD3)
    viable, cd3, events = pooled.get("viable", 0), pooled.get("CD3+", 0), pooled.get(population, 0)
    if population != "T" or not doublets or with_cd3 is None or not viable or not events:
        return ()
    p = cd3 / viable
    q = 1 - (1 - p) ** 2
    excess = max(with_cd3 - q * doublets, 0.0)
    counting = phi * q * (1 - q) * doublets
    of_p = (2 * (1 - p) * doublets) ** 2 * phi * p * (1 - p) / viable
    spread = math.sqrt(counting + of_p + (PAIRING * q * doublets) ** 2)
    u = min(math.hypot(excess, spread) / events, LARGEST)
    return (Term(f"T cells in doublets @{measurement}", "doublets", u, False),)
