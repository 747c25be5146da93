"""`$UNSTAINEDCENTERS` of FCS 3.2: where unstained cells lie (FCS-M04)."""

from __future__ import annotations

from nkflow.fcs.keywords import Keywords
from nkflow.fcs.numerals import parse_floats, parse_integer

__all__ = ["unstained_centers"]

_MOST = 10_000


def unstained_centers(keywords: Keywords) -> dict[str, float]:
    """Return data units by channel name, nothing where the keyword is missing or not ``n,names,values``."""
    count, *rest = keywords.text("$UNSTAINEDCENTERS").split(",", 2 * _MOST)
    size = parse_integer(count)
    if size is None or len(rest) != 2 * size:
        return {}
    values = parse_floats(rest[size:])
    return {} if values is None else {name.strip(): value for name, value in zip(rest, values, strict=False)}
