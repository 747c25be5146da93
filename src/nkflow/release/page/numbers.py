"""How the page writes numbers: rounded half-up as decimals, with the sign and the powers a person reads."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

__all__ = [
    "DASH",
    "count",
    "exact",
    "fixed",
    "interval",
    "like",
    "minute",
    "percent",
    "probability",
    "separated",
    "significant",
]

DASH = "–"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def count(value: object) -> str:
    """Return a number of events with separators of thousands; a dash where there is none."""
    if not _is_number(value):
        return DASH
    return f"{value:,}" if isinstance(value, int) else fixed(value, 0)


def exact(value: object) -> str:
    """Return a number at full precision, as the record holds it."""
    return repr(value) if _is_number(value) else DASH


def fixed(value: object, decimals: int) -> str:
    """Return a number rounded half-up (on its decimal expansion) to `decimals`, with separators.

    A negative number gets a minus sign, and a zero none.
    """
    if not _is_number(value):
        return DASH
    step = Decimal(1).scaleb(-decimals)
    rounded = Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP)
    return f"{'−' if rounded < 0 else ''}{abs(rounded):,f}"


def separated(shown: str) -> str:
    """Return a number that is written already, with separators of thousands; other text stays as it is.

    A negative number gets a minus sign, and a zero none.
    """
    head, dot, tail = shown.removeprefix("-").partition(".")
    if not (head.isascii() and head.isdigit()):
        return shown
    sign = "−" if shown.startswith("-") and set(head + tail) != {"0"} else ""
    return f"{sign}{int(head):,}{dot}{tail}"


def significant(value: object, digits: int = 4) -> str:
    """Return a number to `digits` significant digits; from a million up and below 0.001 as a power of ten."""
    if not _is_number(value):
        return DASH
    number = Decimal(repr(value))
    if number == 0:
        return "0"
    rounded = number.quantize(Decimal(1).scaleb(number.adjusted() - digits + 1), rounding=ROUND_HALF_UP)
    power = rounded.adjusted()
    if -3 <= power < 6:
        return f"{rounded.quantize(Decimal(1).scaleb(min(0, power - digits + 1))):,f}"
    mantissa = rounded.scaleb(-power).quantize(Decimal(1).scaleb(1 - digits))
    return f"{mantissa} × 10{str(power).translate(_SUPERSCRIPTS)}"


def percent(fraction: object, decimals: int = 2) -> str:
    """Return a fraction as a percentage with its sign."""
    if not _is_number(fraction):
        return DASH
    return f"{fixed(float(Decimal(repr(fraction)) * 100), decimals)} %"


def probability(value: object) -> str:
    """Return a probability to three decimals, never as a certainty that was not computed."""
    if not _is_number(value):
        return DASH
    number = float(Decimal(repr(value)))
    if number > 0.9995:
        return "> 0.999"
    return "< 0.001" if number < 0.0005 else fixed(number, 3)


def interval(low: object, high: object, digits: int = 4) -> str:
    """Return both ends of an interval, in the power of ten of the upper one."""
    if not (_is_number(low) and _is_number(high)):
        return DASH
    first, times, power = like(low, high, digits).partition(" × ")
    last = significant(high, digits).partition(" × ")[0]
    return f"({first} to {last}) × {power}" if times else f"{first} to {last}"


def like(value: object, model: object, digits: int = 4) -> str:
    """Return a number in the power of ten in which `significant` writes `model`."""
    _, times, power = significant(model, digits).partition(" × 10")
    if not times or not _is_number(value):
        return significant(value, digits)
    shift = int(power.translate(_PLAIN))
    return f"{fixed(float(Decimal(repr(value)).scaleb(-shift)), digits - 1)} × 10{power}"


def minute(moment: str) -> str:
    """Return an ISO date and time to the minute, with its offset."""
    date, _, time = moment.partition("T")
    zone = "UTC" if time.endswith(("Z", "+00:00")) else time[8:]
    return f"{date} {time[:5]} {zone}".strip()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
