"""What every scale asks of its parameters (STANDARDS TR-01)."""

from __future__ import annotations

import math

from nkflow.errors import ScaleError

__all__ = ["LARGEST_DECADES", "LEAST_UNIT", "as_float", "checked_bounds", "number", "require", "require_unit"]

LARGEST_DECADES = 300.0  # 10**308 is the end of float64 (STANDARDS TR-06)
LEAST_UNIT = 1e-290  # data units of the straight part: below it quotients would overflow


def number(scale: str, name: str, value: object) -> float:
    """Return the parameter `name` of `scale` as a finite float."""
    result = as_float(value)
    if result is None:
        raise ScaleError(f"{name} of a {scale} scale is not a number", found=repr(value), expected="a number")
    require(scale, math.isfinite(result), f"{name} = {result}", f"a finite {name}")
    return result


def require(scale: str, holds: bool, found: str, expected: str) -> None:
    """Raise a `ScaleError` unless the rule `expected` holds."""
    if not holds:
        raise ScaleError(f"the parameters of a {scale} scale are not legal", found=found, expected=expected)


def require_unit(scale: str, unit: float) -> None:
    """Raise a `ScaleError` where the straight part, `unit` data units wide, is too small or too large a number."""
    require(
        scale,
        LEAST_UNIT <= unit < math.inf,
        f"a straight part of {unit:g} data units",
        f"{LEAST_UNIT:g} at least, and a number",
    )


def checked_bounds(bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the output bounds as floats: low < high, either may be infinite."""
    ends = tuple(map(as_float, bounds)) if isinstance(bounds, tuple | list) else ()
    low, high = ends if len(ends) == 2 else (None, None)
    if low is None or high is None or not low < high:
        raise ScaleError("the bounds of a scale enclose nothing", found=str(bounds), expected="low < high")
    return low, high


def as_float(value: object) -> float | None:
    """Return `value` as a float, None where it is no number that float64 holds."""
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):  # an array, a huge integer
        return None
