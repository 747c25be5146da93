"""TEXT: bytes into pairs of tokens, by the two parses of FCS-T03."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nkflow.errors import FCSFormatError, FCSLimitError
from nkflow.fcs.limits import Limits
from nkflow.fcs.tolerance import Tolerance

__all__ = ["Pairs", "split_text"]

Pairs = list[tuple[bytes, bytes]]
_FILLER = b" \0\r\n"


@dataclass(frozen=True)
class _Parse:
    """One reading of the segment: its pairs, and what is left over without a partner."""

    pairs: Pairs
    unpaired: bytes | None
    closed: bool


def split_text(
    segment: bytes, *, name: str, complete: Callable[[Pairs], bool], tolerance: Tolerance, limits: Limits
) -> Pairs:
    r"""Return the pairs of one TEXT-like segment, which begins with its delimiter.

    With the standard, two delimiters in a row are one literal delimiter and empty values are illegal; some
    writers leave values empty. The standard's parse holds where it gives pairs, `complete` accepts them and no
    standard keyword was swallowed by another key (``$COM//$CYT/x/``); otherwise a doubled delimiter after a
    key means an empty value, and only within a value a literal delimiter.

    Raises
    ------
    FCSFormatError
        ``text-delimiter``; ``text-empty``.
    FCSLimitError
        Too many delimiters, keywords or too long a value.
    """
    if len(segment) < 2:
        raise FCSFormatError(f"{name} is empty", code="text-empty", where=tolerance.where)
    _check_count(segment, name, tolerance, limits)
    chosen = _choose(segment, complete, name, tolerance)
    _check_delimiter(segment, chosen, complete, name, tolerance)
    _report(chosen, name, tolerance)
    _check_sizes(chosen.pairs, name, tolerance, limits)
    return chosen.pairs


def _check_count(segment: bytes, name: str, tolerance: Tolerance, limits: Limits) -> None:
    """Refuse more delimiters than allowed, before a list of tokens is made."""
    count = segment.count(segment[:1])
    if count > limits.delimiters:
        raise FCSLimitError(
            f"{name} has too many delimiters",
            where=tolerance.where,
            found=str(count),
            expected=f"at most {limits.delimiters}",
        )


def _check_delimiter(
    segment: bytes, parse: _Parse, complete: Callable[[Pairs], bool], name: str, tolerance: Tolerance
) -> None:
    """Refuse a letter, a digit or NUL as delimiter, unless TEXT makes sense with it (FCS-T01)."""
    delimiter = segment[:1]
    if (delimiter == b"\0" or delimiter.isalnum()) and not complete(parse.pairs):
        raise FCSFormatError(
            f"{name} does not begin with a delimiter",
            code="text-delimiter",
            where=tolerance.where,
            found=ascii(segment[:8].decode("latin-1")),
            expected="a delimiter",
        )
    if not 1 <= delimiter[0] <= 126:
        code = f"0x{delimiter[0]:02x}"
        tolerance.note(
            "delimiter-unusual", f"the delimiter of {name} is {code}, not one of 1..126", where=name
        )


def _parse(segment: bytes, *, within_keys: bool) -> _Parse:
    """Scan left to right: two delimiters are a literal one, one splits (FCS-T04).

    With `within_keys` False that holds in values only: a key ends at the next delimiter, and a value that
    begins with one is empty (FCS-T03).
    """
    delimiter = segment[:1]
    parts = segment[1:].split(delimiter)
    if delimiter * 2 not in segment:
        return _pair(parts)
    tokens: list[bytes] = []
    index = 0
    while index < len(parts):
        pieces = [parts[index]]
        index += 1
        in_value = len(tokens) % 2 == 1 and bool(pieces[0])
        while (within_keys or in_value) and index + 1 < len(parts) and not parts[index]:
            pieces.append(parts[index + 1])  # an empty part stands between two delimiters
            index += 2
        tokens.append(delimiter.join(pieces))
    return _pair(tokens)


def _pair(tokens: list[bytes]) -> _Parse:
    """Pair `tokens`; after the last delimiter blanks, NUL, CR and LF are filler (FCS-T05, T06)."""
    closed = not tokens[-1].strip(_FILLER)
    if closed:
        tokens = tokens[:-1]
    unpaired = tokens[-1] if len(tokens) % 2 else None
    return _Parse(list(zip(tokens[::2], tokens[1::2], strict=False)), unpaired, closed)


def _choose(segment: bytes, complete: Callable[[Pairs], bool], name: str, tolerance: Tolerance) -> _Parse:
    """Return the standard's parse, or the one with empty values where only that one makes sense."""
    delimiter = segment[:1]
    escaped = _parse(segment, within_keys=True)
    if delimiter * 2 not in segment:
        return escaped
    empties = _parse(segment, within_keys=False)
    if escaped == empties:
        return escaped
    swallowed = any(delimiter + b"$" in key for key, _ in escaped.pairs)
    first = escaped.unpaired is None and complete(escaped.pairs)
    second = empties.unpaired is None and complete(empties.pairs)
    if second and (swallowed or not first):
        tolerance.note(
            "text-empty-values",
            f"{name} holds empty values, which the standard forbids",
            where=name,
            consequence="a doubled delimiter after a key is read as an empty value",
        )
        return empties
    if first and second:
        tolerance.note(
            "text-two-parses",
            f"{name} can be read with doubled delimiters as literal ones or as empty values",
            where=name,
            consequence="the standard's reading, a literal delimiter, is used",
        )
    return escaped


def _report(parse: _Parse, name: str, tolerance: Tolerance) -> None:
    if parse.unpaired is not None:
        tolerance.note(
            "text-unpaired",
            f"{name} ends with a keyword without a value: {parse.unpaired[:40].decode('latin-1')!a}",
            where=name,
            consequence="the keyword is dropped",
        )
    elif not parse.closed:
        tolerance.note(
            "text-unterminated",
            f"{name} does not end with its delimiter",
            severity="info",
            where=name,
            consequence="the last value ends with the segment",
        )


def _check_sizes(pairs: Pairs, name: str, tolerance: Tolerance, limits: Limits) -> None:
    longest = max((len(value) for _, value in pairs), default=0)
    for count, cap, what in (
        (len(pairs), limits.keywords, "keywords"),
        (longest, limits.value_bytes, "bytes in one value"),
    ):
        if count > cap:
            raise FCSLimitError(
                f"{name} has too many {what}",
                where=tolerance.where,
                found=str(count),
                expected=f"at most {cap}",
            )
