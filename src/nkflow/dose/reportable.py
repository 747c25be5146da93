"""Reported values: rounded half-up on the decimal number, never on the binary one."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from nkflow.dose.limits import Operator

__all__ = ["complies", "decimal", "half_up", "half_up_to_step", "plain"]

_SIGNIFICANT = 12


def decimal(value: float) -> Decimal:
    """Return `value` to 12 significant digits: what a person would write.

    A calculated 2.675 may be 2.67499999999999982 in binary; rounded straight away it would lose its half.
    """
    return Decimal(f"{value:.{_SIGNIFICANT}g}")


def half_up(value: float, decimals: int) -> Decimal:
    """Round to `decimals` places, a half away from zero: 79.95 is 80.0 and 12.25 is 12.3."""
    return decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def half_up_to_step(value: float, step: float) -> Decimal:
    """Round to the nearest multiple of `step`, a half up; the step may be 0.1 mL or 0.25 mL."""
    width = decimal(step)
    steps = (decimal(value) / width + Decimal("0.5")).to_integral_value(ROUND_FLOOR)
    return steps * width


def complies(value: Decimal, op: Operator, limit: float) -> bool:
    """Compare a reportable value with a limit as its operator says."""
    bound = decimal(limit)
    match op:
        case "<":
            return value < bound
        case "<=":
            return value <= bound
        case ">":
            return value > bound
        case ">=":
            return value >= bound


def plain(value: Decimal) -> str:
    """Return a decimal without exponent, its zeros kept."""
    return f"{value:f}"
