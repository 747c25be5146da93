"""What a kernel is compiled for: the kinds of its arguments, told without numba."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["UnkeptError", "kinds_of", "spelled"]

_C, _F, _WRITEABLE = 0x1, 0x2, 0x400  # bits of `flags.num`
_BITS = _C | _F | _WRITEABLE
_INT64 = range(-(1 << 63), 1 << 63)
_KEPT = frozenset("?bBhHiIlLqQfd")  # characters of dtypes


class UnkeptError(Exception):
    """An argument that numba is to look at: its kind is not one of those that are kept."""


def kinds_of(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a key that two tuples of arguments share if one compiled function serves both.

    Raises
    ------
    UnkeptError
        For anything but plain arrays, numbers, and tuples of them.
    """
    return tuple(
        [  # a call for every array would take as long as all the rest
            (value.dtype, value.ndim, value.flags.num & _BITS) if type(value) is np.ndarray else _kind(value)
            for value in values
        ]
    )


def _kind(value: Any) -> Any:
    """Return the key of a number or a tuple."""
    which = type(value)
    if which is int:
        if value in _INT64:
            return int
        raise UnkeptError
    if which is float or which is bool or isinstance(value, np.generic):
        return which
    if isinstance(value, tuple):
        return which, kinds_of(value)
    raise UnkeptError


def spelled(kinds: tuple[Any, ...]) -> str:
    """Return kinds as a text; kinds that are one to numba have one.

    Raises
    ------
    UnkeptError
        For arrays of anything but numbers.
    """
    return ", ".join(map(_spell, kinds))


def _spell(key: Any) -> str:
    """Return one kind as a text."""
    if isinstance(key, type):
        return _number(np.dtype(key))
    if isinstance(key[0], type):
        which, parts = key
        return f"{which.__module__}.{which.__qualname__}({spelled(parts)})"
    dtype, ndim, flags = key
    order = "C" if flags & _C else "F" if flags & _F else "A"
    return f"{_number(dtype)}[{ndim}, {order}{'' if flags & _WRITEABLE else ', read-only'}]"


def _number(dtype: np.dtype[Any]) -> str:
    """Return the name of a type of number."""
    if dtype.char in _KEPT and dtype.isnative:
        return dtype.name
    raise UnkeptError
