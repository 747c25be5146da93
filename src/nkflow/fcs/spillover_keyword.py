"""The file's own spillover matrix, in all its spellings (STANDARDS.md §1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError
from nkflow.fcs.channels import Channel
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.limits import Limits
from nkflow.fcs.numerals import parse_float, parse_floats, parse_integer
from nkflow.fcs.tolerance import Tolerance

__all__ = ["SEARCH_ORDER", "format_spillover", "read_spillover"]

SEARCH_ORDER = ("$SPILLOVER", "SPILL", "$SPILL", "SPILLOVER", "SPILLOVER_MATRIX", "$SPILLOVER_MATRIX")


class _UnusableError(Exception):
    """Why a value is no matrix."""


def read_spillover(
    keywords: Keywords, channels: Sequence[Channel], tolerance: Tolerance, limits: Limits
) -> Spillover | None:
    """Return the first usable matrix in the standard's search order (FCS-C01), None where there is none.

    An identity within 1e-5 is how some programs write "none"; a value that is no matrix is a finding.

    Raises
    ------
    FCSFormatError
        ``spillover-conflict``: two keywords hold different matrices.
    """
    found: list[Spillover] = []
    for key in SEARCH_ORDER:
        if not keywords.text(key) or _names_only(key, keywords.text(key), tolerance):
            continue
        try:
            found.append(_parse(key, keywords[key], channels, tolerance, limits))
        except (_UnusableError, CompensationError) as problem:
            tolerance.note(
                "spillover-unusable",
                f"{key} holds no usable matrix: {problem}",
                where=key,
                consequence="it is not used",
            )
    for first, second in pairwise(found):
        if not _same(first, second):
            tolerance.doubt(
                "spillover-conflict",
                f"{first.source} and {second.source} hold different matrices",
                where=second.source,
                found=f"matrices of {', '.join(first.names[:3])}... and {', '.join(second.names[:3])}...",
                expected="one matrix",
            )
    if found and found[0].is_identity:
        tolerance.note(
            "spillover-identity",
            f"{found[0].source} is the identity",
            where=found[0].source,
            severity="info",
            consequence="taken as: no compensation recorded",
        )
        return None
    return found[0] if found else None


def format_spillover(spillover: Spillover) -> str:
    """Return a square matrix as the value of `$SPILLOVER`: n, the names, the rows."""
    values = (repr(float(value)) for value in spillover.matrix.ravel())
    return ",".join([str(len(spillover.names)), *spillover.names, *values])


def _names_only(key: str, value: str, tolerance: Tolerance) -> bool:
    """Whether the value lists detectors without any number, as MACSQuant writes it."""
    size, *names = value.split(",", 200)
    empty = parse_integer(size) == len(names) and not any(parse_float(name) is not None for name in names)
    if empty:
        tolerance.note(
            "spillover-without-values",
            f"{key} names {len(names)} detectors and holds no matrix",
            severity="info",
            where=key,
            consequence="taken as: no compensation recorded",
        )
    return empty


def _parse(
    key: str, value: str, channels: Sequence[Channel], tolerance: Tolerance, limits: Limits
) -> Spillover:
    tokens = value.strip(" \t\r\n\0,").split(",", limits.matrix * (limits.matrix + 3))
    count = parse_integer(tokens[0])
    if count is None or not 1 <= count <= limits.matrix:
        raise _UnusableError(f"its size is {tokens[0][:20]!a}")
    names, numbers = _split(key, tokens[1:], count, channels, tolerance)
    matrix = np.array(numbers, dtype=np.float64).reshape(count, count)
    return Spillover(_resolve(key, names, channels, tolerance), _scaled(key, matrix, tolerance), source=key)


def _split(
    key: str, tokens: list[str], count: int, channels: Sequence[Channel], tolerance: Tolerance
) -> tuple[list[str], list[float]]:
    """Return names and numbers; repairs decimal commas and names that hold a comma (FCS-C03)."""
    joined = _joined(tokens[count:]) if len(tokens) == count + 2 * count * count else None
    if joined is not None:
        tolerance.note("spillover-decimal-comma", f"{key} is written with decimal commas", where=key)
        return [name.strip() for name in tokens[:count]], joined
    names = [name.strip() for name in tokens[:count]]
    if len(tokens) > count + count * count:
        names = _greedy(tokens[: len(tokens) - count * count], channels)
        tolerance.note("spillover-comma-in-name", f"names in {key} hold commas", where=key)
    if len(names) != count or len(tokens) < count + count * count:
        raise _UnusableError(f"{len(tokens)} values after its size {count}, not {count + count * count}")
    return names, _numbers(tokens[-count * count :])


def _joined(halves: list[str]) -> list[float] | None:
    """Return numbers whose decimal comma split them, None where the halves are none."""
    pairs = zip(halves[::2], halves[1::2], strict=True)
    return parse_floats([f"{whole.strip()}.{part.strip()}" for whole, part in pairs])


def _greedy(parts: list[str], channels: Sequence[Channel]) -> list[str]:
    """Join parts into known channel names, the longest first."""
    known = {name.strip() for channel in channels for name in (channel.name, channel.original_name)}
    names: list[str] = []
    at = 0
    while at < len(parts):
        for stop in range(min(len(parts), at + 8), at, -1):
            name = ",".join(parts[at:stop]).strip()
            if name in known or stop == at + 1:
                names.append(name)
                at = stop
                break
    return names


def _numbers(tokens: Sequence[str]) -> list[float]:
    numbers = parse_floats(tokens)
    if numbers is None:
        wrong = next((token for token in tokens if parse_float(token) is None), "")
        raise _UnusableError(f"{wrong[:20]!a} is no number")
    return numbers


def _resolve(
    key: str, names: list[str], channels: Sequence[Channel], tolerance: Tolerance
) -> tuple[str, ...]:
    """Return the channel names meant; each must be exactly one channel (FCS-C02, C03, M06)."""
    known = {channel.name for channel in channels}
    numbers = [parse_integer(name) for name in names]
    if not known & set(names) and all(n is not None and 1 <= n <= len(channels) for n in numbers):
        tolerance.note("spillover-by-index", f"{key} names channels by their number", where=key)
        return tuple(channels[number - 1].name for number in numbers if number is not None)
    exact, loose = _lookup(channels)
    resolved: list[str] = []
    for name in names:
        matches = exact.get(name) or loose.get(_loose(name)) or set()
        if len(matches) != 1:
            what = "several channels" if matches else "no channel"
            raise _UnusableError(f"{name[:40]!a} names {what}")
        resolved.extend(matches)
    return tuple(resolved)


def _lookup(channels: Sequence[Channel]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the channels by their exact spellings, and by spellings without case and slash (FCS-M07)."""
    exact: dict[str, set[str]] = {}
    loose: dict[str, set[str]] = {}
    for channel in channels:
        for name in (channel.name, channel.original_name, channel.original_name.strip()):
            exact.setdefault(name, set()).add(channel.name)
            for spelling in (_loose(name), _loose(name.replace("/", "_"))):
                loose.setdefault(spelling, set()).add(channel.name)
    return exact, loose


def _loose(name: str) -> str:
    return name.strip().casefold()


def _scaled(key: str, matrix: NDArray[np.float64], tolerance: Tolerance) -> NDArray[np.float64]:
    """Divide a matrix in percent by 100; note a diagonal that is not 1, and keep it (FCS-C02, C05)."""
    diagonal = np.diag(matrix)
    if np.all(np.abs(diagonal - 100.0) <= 5.0):
        tolerance.note("spillover-percent", f"{key} is in percent", where=key, consequence="divided by 100")
        return matrix / 100.0
    if np.any(np.abs(diagonal - 1.0) > 0.01):
        tolerance.note(
            "spillover-diagonal",
            f"the diagonal of {key} is not 1 everywhere",
            where=key,
            consequence="the matrix is kept as it stands",
        )
    return matrix


def _same(first: Spillover, second: Spillover) -> bool:
    """Whether two matrices say the same, whatever their order of names."""
    if set(first.names) != set(second.names):
        return False
    order = [second.names.index(name) for name in first.names]
    return bool(np.allclose(first.matrix, second.matrix[np.ix_(order, order)], rtol=1e-6, atol=1e-9))
