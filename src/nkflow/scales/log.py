"""The logarithmic scale (Gating-ML flog)."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from nkflow.scales.monotone import Monotone
from nkflow.scales.parameters import LARGEST_DECADES, require
from nkflow.scales.table import Table, build, with_pieces

__all__ = ["Log"]


@dataclass(frozen=True, repr=False)
class Log(Monotone):
    """``y = (log10(x / T) + M) / M``: T is 1, M decades below it 0 (STANDARDS 3.2).

    x <= 0 gives -inf: outside every range with a lower bound, inside one without (STANDARDS TR-04).
    FlowJo's log with an offset and decades is ``Log(offset * 10**decades, decades, bounds=(0, inf))``.

    Parameters
    ----------
    T
        Top of the scale, data units, > 0.
    M
        Decades from 0 to 1, > 0.
    """

    T: float
    M: float

    def _check(self) -> None:
        require("log", self.T > 0, f"T = {self.T}", "T > 0")
        require("log", 0 < self.M <= LARGEST_DECADES, f"M = {self.M}", f"0 < M <= {LARGEST_DECADES:g}")

    def exact_table(self) -> Table:
        """Return the scale as arrays for kernels, without pieces."""
        return _exact(self)

    def table(self) -> Table:
        """Return the scale as arrays for kernels, with pieces from a decade below 0 to 4 T."""
        return _fast(self)


@functools.lru_cache(maxsize=512)
def _exact(scale: Log) -> Table:
    from nkflow.kernels.scales import LOG

    return build(LOG, scale.bounds, (scale.T, scale.M))


@functools.lru_cache(maxsize=128)
def _fast(scale: Log) -> Table:
    return with_pieces(_exact(scale), 0.0, scale.T * 10.0 ** -(scale.M + 1.0), 4.0 * scale.T)
