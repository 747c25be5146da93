"""What all scales of one channel share: forward, inverse, the fast column, thresholds in data units."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nkflow.errors import ScaleError
from nkflow.scales.parameters import checked_bounds, number
from nkflow.scales.table import Table, exact_column, fast_column

__all__ = ["Monotone"]


@dataclass(frozen=True, repr=False)
class Monotone(ABC):
    """A scale that never falls: data units in, display units out.

    Attributes
    ----------
    bounds
        The output is clipped to these (Gating-ML's ``boundMin`` and ``boundMax``, STANDARDS TR-02); either
        may be infinite.
    """

    bounds: tuple[float, float] = field(default=(-math.inf, math.inf), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bounds", checked_bounds(self.bounds))
        for name, value in self.parameters.items():
            object.__setattr__(self, name, number(self.kind, name, value))
        self._check()

    def __repr__(self) -> str:
        shown = dict(self.parameters)
        if self.bounds != (-math.inf, math.inf):
            shown["bounds"] = self.bounds
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name, without the bounds."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "bounds"}

    @property
    def kind(self) -> str:
        """The word for this scale in documents and messages."""
        return type(self).__name__.lower()

    @abstractmethod
    def _check(self) -> None:
        """Raise a `ScaleError` where the parameters are not legal."""

    @abstractmethod
    def exact_table(self) -> Table:
        """Return the scale as arrays for `kernels.scales`, without pieces."""

    @abstractmethod
    def table(self) -> Table:
        """Return the scale as arrays for `kernels.scales_pieces`, with the pieces of the fast path."""

    @overload
    def forward(self, x: float) -> float: ...
    @overload
    def forward(self, x: NDArray[Any]) -> NDArray[np.float64]: ...
    def forward(self, x: ArrayLike) -> float | NDArray[np.float64]:
        """Return the display value of `x`, to the last digits.

        `x` is in data units, a number or an array of any shape. NaN gives NaN, an infinity the end of the
        axis.
        """
        values = np.array(x, dtype=np.float64, order="C").ravel()
        out = exact_column(self.exact_table(), values).reshape(np.shape(x))
        return out if out.ndim else float(out)

    @overload
    def inverse(self, y: float) -> float: ...
    @overload
    def inverse(self, y: NDArray[Any]) -> NDArray[np.float64]: ...
    def inverse(self, y: ArrayLike) -> float | NDArray[np.float64]:
        """Return the data units of the display value `y`.

        `y` is a number or an array of any shape. NaN gives NaN; a value beyond the bounds counts as the
        bound.
        """
        from nkflow.kernels import scales as kernels

        values = np.array(y, dtype=np.float64, order="C").ravel()
        column = np.empty(values.shape)
        table = self.exact_table()
        kernels.inverse_column(table.kind, table.parameters, table.knots, values, column)
        out = column.reshape(np.shape(y))
        return out if out.ndim else float(out)

    def column(self, x: NDArray[np.float64], out: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return the display values of the column `x` (n_events,) by the fast path.

        They are written to `out` where it is given. Within 1e-12 of `forward` (`table.ACCURACY`), equal
        to it for linear and biex. Each event's value depends on nothing but the event.
        """
        return fast_column(self.table(), x, out)

    def pull_back(self, y: float) -> float:
        """Return the data units x0 for which ``x >= x0`` says what ``forward(x) >= y`` says.

        -inf where every x reaches `y` (a clipped lower end), +inf where no finite x does.
        """
        return float(self.thresholds(np.array([y], dtype=np.float64))[0])

    def thresholds(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what `pull_back` returns, for every display value of `y` (n,)."""
        from nkflow.kernels import scales as kernels

        if np.isnan(y).any():
            raise ScaleError("a threshold is not a number", found="NaN", expected="a display value")
        table, out = self.exact_table(), np.empty(y.shape)
        kernels.thresholds(table.kind, table.parameters, table.knots, y, out)
        return out
