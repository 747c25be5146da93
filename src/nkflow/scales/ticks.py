"""Where an axis gets its marks: round numbers if it is linear, else decades on both sides of zero."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

from nkflow.scales.linear import Linear
from nkflow.scales.log import Log
from nkflow.scales.pull_back import Scale

__all__ = ["Ticks", "ticks"]

WANTED = 5  # intervals on a linear axis
APART = 0.03  # of the axis: labels closer to zero's than this are left out
SLACK = 1e-9  # a round number that stands on the end of the axis is on it
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
MINUS = "−"


class Ticks(NamedTuple):
    """Marks of one axis, ascending; positions in display units.

    Attributes
    ----------
    positions, labels
        The marks that carry a text: ``0``, ``10³``, ``−10³``, ``50K``.
    minor
        Marks without a text: 2 to 9 of every decade.
    """

    positions: tuple[float, ...]
    labels: tuple[str, ...]
    minor: tuple[float, ...]


def ticks(scale: Scale, low: float | None = None, high: float | None = None) -> Ticks:
    """Return the marks of `scale` between the display values `low` and `high`.

    Without them the axis is the scale's own: 0 to 1, 0 to 4096 of biex, or the data units 0 to 262144 of a
    cofactor arcsinh.
    """
    first, last = _ends(scale)
    low, high = first if low is None else low, last if high is None else high
    if isinstance(scale, Linear):
        return _round_numbers(scale, low, high)
    return _decades(scale, low, high)


def _ends(scale: Scale) -> tuple[float, float]:
    """Return the display values where an axis of this scale usually begins and ends."""
    match scale.kind:
        case "biex":
            return 0.0, float(scale.parameters["channels"])
        case "arcsinh-cofactor":
            return scale.forward(-2.0 * scale.parameters["c"]), scale.forward(262144.0)
        case _:
            return 0.0, 1.0


def _round_numbers(scale: Linear, low: float, high: float) -> Ticks:
    """Mark multiples of 1, 2 or 5 times a power of ten, and the middle between them."""
    a, b = scale.inverse(low), scale.inverse(high)
    least = 0.7 * (b - a) / WANTED
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * factor for factor in (1.0, 2.0, 5.0, 10.0) if power * factor >= least)
    half_step = step / 2.0
    halves = range(math.ceil(a / half_step - SLACK), math.floor(b / half_step + SLACK) + 1)
    major = [half // 2 * step for half in halves if half % 2 == 0]
    minor = tuple(scale.forward(half * half_step) for half in halves if half % 2)
    return Ticks(tuple(scale.forward(x) for x in major), tuple(map(_short, major)), minor)


def _decades(scale: Scale, low: float, high: float) -> Ticks:
    """Mark powers of ten on both sides of zero, and zero where the scale shows it."""
    a, b = scale.inverse(low), scale.inverse(high)
    powers = range(_lowest_decade(scale, a), math.floor(math.log10(max(abs(a), abs(b))) + SLACK) + 1)
    clearance = APART * (high - low)
    zero = scale.forward(0.0)
    marks = {zero: "0"} if a <= 0.0 <= b and math.isfinite(zero) else {}
    minor = set()
    for sign in (-1, 1):
        for digit, power in itertools.product(range(1, 10), powers):
            x = sign * digit * 10.0**power
            if not a - SLACK * abs(x) <= x <= b + SLACK * abs(x):
                continue
            at = scale.forward(x)
            if digit > 1 and abs(at - zero) > clearance / 3.0:
                minor.add(at)
            elif digit == 1 and abs(at - zero) > clearance:
                marks[at] = f"{MINUS if sign < 0 else ''}10{str(power).translate(SUPERSCRIPTS)}"
    positions = tuple(sorted(marks))
    return Ticks(positions, tuple(marks[at] for at in positions), tuple(sorted(minor)))


def _lowest_decade(scale: Scale, bottom: float) -> int:
    """Return the power of ten from which on decades are looked for."""
    if isinstance(scale, Log):
        return math.ceil(math.log10(bottom) - SLACK)
    zero = scale.forward(0.0)
    return math.floor(math.log10(scale.inverse(zero + 0.003 * (_ends(scale)[1] - zero))))


def _short(number: float) -> str:
    """Return a number as an axis says it: 50K, 1.5M, 0."""
    for factor, letter in ((1e6, "M"), (1e3, "K")):
        if abs(number) >= factor:
            return f"{number / factor:.6g}{letter}".replace("-", MINUS)
    return f"{number:.6g}".replace("-", MINUS)
