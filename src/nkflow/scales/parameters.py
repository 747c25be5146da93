"""What every scale asks of its parameters (STANDARDS TR-01)."""

from __future__ import annotations

import math

from nkflow.errors import ScaleError

__all__ = ["LARGEST_DECADES", "checked_bounds", "number", "require"]

LARGEST_DECADES = 300.0  # 10**308 is the end of float64 (STANDARDS TR-06)


def number(scale: str, name: str, value: object) -> float:
    """Return the parameter `name` of `scale` as a finite float."""
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise ScaleError(f"{name} of a {scale} scale is not a number", found=repr(value), expected="a number")
    result = float(value)
    require(scale, math.isfinite(result), f"{name} = {result}", f"a finite {name}")
    return result


def require(scale: str, holds: bool, found: str, expected: str) -> None:
    """Raise a `ScaleError` unless the rule `expected` holds."""
    if not holds:
        raise ScaleError(f"the parameters of a {scale} scale are not legal", found=found, expected=expected)


def checked_bounds(bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the output bounds as floats: low < high, either may be infinite."""
    low, high = (float(value) for value in bounds)
    if not low < high:
        raise ScaleError("the bounds of a scale enclose nothing", found=str(bounds), expected="low < high")
    return low, high
