"""The axes of a FlowJo workspace to be written: one for each channel, on which all its gates keep their meaning.

FlowJo has one transformation for each channel, and takes what lies beyond the end of an axis to lie on it. An axis is
therefore chosen long enough that no gate touches its ends, unless the gate is drawn on a clipped scale itself.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nkflow.exchange.flowjo_axes import Axis
from nkflow.exchange.gatingml_axes import UncarriedError
from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle, Scale

__all__ = ["TOP", "AxisPlan", "bare"]

TOP = 262144.0
_CHANNELS = 4096
_OPEN = (-math.inf, math.inf)


def bare(scale: Scale) -> Scale:
    """Return `scale` without its bounds."""
    return scale if isinstance(scale, Biex | ArcsinhCofactor) else type(scale)(**scale.parameters)


def _family(scale: Scale | None) -> Hashable:
    """Return what two scales share on which the same lines are straight."""
    match scale:
        case None | Linear():
            return "linear"
        case Log():
            return "log"
        case Arcsinh():
            return "asinh", round(scale.T / math.sinh(scale.M * math.log(10.0)), 9)
        case ArcsinhCofactor():
            return "asinh", round(scale.c, 9)
        case _:
            return bare(scale)


@dataclass
class AxisPlan:
    """What the gates on one channel need of its axis.

    Attributes
    ----------
    channel, compensated
        As in `Axis`.
    top
        Of the channel, in data units.
    shown, drawn
        The scale that the template shows the channel on, and the one of its outlines.
    """

    channel: str
    compensated: bool
    top: float = TOP
    shown: Scale | None = None
    drawn: Scale | None = None
    _family: Hashable = None
    _fixed: Axis | None = None
    _values: list[float] = field(default_factory=list)

    def add_outline(self, scale: Scale | None, values: Sequence[float]) -> None:
        """Note an outline drawn on `scale` with these coordinates in data units.

        Raises
        ------
        UncarriedError
            Where it needs another axis than an outline before it, or touches the end of an axis that can't be longer.
        """
        family = _family(scale)
        fixed = self._needed(scale, np.array(values, dtype=np.float64))
        if self._family not in (None, family) or (fixed and self._fixed not in (None, fixed)):
            raise UncarriedError(f"{self.channel}: outlines on two scales; FlowJo has one for a channel")
        self._check(values, fixed or self._fixed)
        self._family, self._fixed = family, fixed or self._fixed
        self.drawn = self.drawn or (None if scale is None else bare(scale))
        self._values += values

    def add_end(self, value: float) -> None:
        """Note the end of a range, which any axis shows that goes beyond it."""
        self._check([value], self._fixed)
        if self._family == "log" and value <= 0.0:
            raise UncarriedError(f"{self.channel}: an end of {value:g} on a logarithmic axis")
        self._values.append(value)

    def axis(self) -> Axis:
        """Return the axis."""
        if self._fixed is not None:
            return self._fixed
        low, high = (min(self._values), max(self._values)) if self._values else (math.inf, -math.inf)
        family = self._family
        if family is None:
            shown = _rigid(self.channel, self.compensated, self.shown)
            if shown is not None and (not self._values or (shown.low < low and high < shown.high)):
                return shown
            family = _family(self.shown)
            if (family == "log" and low <= 0.0) or not isinstance(family, tuple | str):
                family = "linear"
        return self._long_enough(family, low, max(self.top, 2.0 * high))

    def _long_enough(self, family: Hashable, low: float, high: float) -> Axis:
        match family:
            case "log":
                offset = min(1.0, low / 2.0)
                decades = float(math.ceil(math.log10(high / offset)))
                top = offset * 10.0**decades
                return Axis(self.channel, self.compensated, Log(top, decades), offset, top)
            case ("asinh", float(c)):
                negative = max(-2.0 * low if low < 0.0 else 0.0, 10.0 * c)
                high = max(high, negative)
                decades, below = (math.asinh(value / c) / math.log(10.0) for value in (high, negative))
                scale = Arcsinh(high, decades, below)
                ends = scale.inverse(np.array([0.0, 1.0])).tolist()
                return Axis(self.channel, self.compensated, scale, *ends)
        low = -2.0 * abs(low) - 1.0 if low <= 0.0 else 0.0
        return Axis(self.channel, self.compensated, None, low, max(high, -2.0 * low))

    def _needed(
        self, scale: Scale | None, values: np.ndarray[tuple[int], np.dtype[np.float64]]
    ) -> Axis | None:
        """Return the one axis on which an outline means the same, None where there are many."""
        if scale is not None and scale.bounds != _OPEN and not isinstance(scale, Biex | ArcsinhCofactor):
            plain = bare(scale)
            places = plain.forward(values)
            if (places <= scale.bounds[0]).any() or (places >= scale.bounds[1]).any():
                return _clipped(self.channel, self.compensated, plain, scale.bounds)
        if isinstance(scale, Logicle | Hyperlog | Biex):
            return _rigid(self.channel, self.compensated, scale)
        return None

    def _check(self, values: Sequence[float], axis: Axis | None) -> None:
        """Refuse what touches the end of `axis`, and would take in what lies beyond it."""
        if (
            axis is None
            or isinstance(axis.scale, Biex)
            or (axis.scale is not None and axis.scale.bounds != _OPEN)
        ):
            return
        if min(values) <= axis.low or max(values) >= axis.high:
            text = f"{self.channel}: a gate reaches the end of its axis ({axis.low:g} to {axis.high:g})"
            raise UncarriedError(f"{text}, where FlowJo takes in all that lies beyond")


def _rigid(channel: str, compensated: bool, scale: Scale | None) -> Axis | None:
    """Return the axis of a scale that can't be made longer."""
    if not isinstance(scale, Logicle | Hyperlog | Biex):
        return None
    if isinstance(scale, Biex) and scale.channels != _CHANNELS:
        raise UncarriedError(
            f"{channel}: a biex scale of {scale.channels} channels; FlowJo's has {_CHANNELS}"
        )
    length = float(_CHANNELS) if isinstance(scale, Biex) else 1.0
    low, high = scale.inverse(np.array([0.0, length])).tolist()
    return Axis(channel, compensated, bare(scale), low, high, length)


def _clipped(channel: str, compensated: bool, plain: Scale, bounds: tuple[float, float]) -> Axis:
    """Return the axis whose ends are the bounds of a clipped scale."""
    ends = plain.inverse(np.array(bounds)).tolist()
    if isinstance(plain, Linear) and all(map(math.isfinite, ends)):
        return Axis(channel, compensated, Linear(1.0, bounds=(ends[0], ends[1])), *ends)
    if bounds == (0.0, 1.0) and not isinstance(plain, Linear):
        return Axis(channel, compensated, type(plain)(**plain.parameters, bounds=bounds), *ends)
    raise UncarriedError(f"{channel}: an outline on a scale that is clipped at {bounds}, not at its ends")
