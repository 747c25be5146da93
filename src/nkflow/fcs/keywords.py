"""The keywords of TEXT: upper-case keys, values as they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import ascii_lowercase, ascii_uppercase
from types import MappingProxyType
from typing import Literal, TypeVar, overload

from nkflow.fcs.numerals import parse_float, parse_integer
from nkflow.fcs.text import Pairs
from nkflow.fcs.tolerance import Tolerance

__all__ = ["Keywords", "decode_keywords", "upper"]

T = TypeVar("T")
Encoding = Literal["ascii", "utf-8", "cp1252", "latin-1"]
_ASCII_UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)


class Keywords(Mapping[str, str]):
    """Read-only keywords: keys in upper case with their ``$``, values exactly as the file spells them.

    Attributes
    ----------
    spelling
        Key -> how the file spells it.
    duplicates
        Key -> the values that stood after the first one, which holds (FCS-T08).
    """

    __slots__ = ("_values", "duplicates", "spelling")

    def __init__(
        self,
        values: Mapping[str, str],
        spelling: Mapping[str, str] | None = None,
        duplicates: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._values = {upper(key): value for key, value in values.items()}
        self.spelling: Mapping[str, str] = MappingProxyType(
            dict(spelling or {key: key for key in self._values})
        )
        self.duplicates: Mapping[str, tuple[str, ...]] = MappingProxyType(dict(duplicates or {}))

    def __getitem__(self, key: str) -> str:
        value = self._values.get(key)  # nearly always in upper case already
        return value if value is not None else self._values[upper(key)]

    @overload
    def get(self, key: str) -> str | None: ...
    @overload
    def get(self, key: str, default: str) -> str: ...
    @overload
    def get(self, key: str, default: T) -> str | T: ...
    def get(self, key: str, default: object = None) -> object:
        """Return the value of `key`, `default` where it is missing; many are asked for that nearly no file has."""
        value = self._values.get(key)
        return value if value is not None else self._values.get(upper(key), default)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and upper(key) in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Keywords({len(self)} keywords)"

    def integer(self, key: str) -> int | None:
        """Return the value of `key` as an integer, None where it is missing or is not one."""
        return parse_integer(self.text(key))

    def number(self, key: str) -> float | None:
        """Return the value of `key` as a finite float, None where it is missing or is not one."""
        return parse_float(self.text(key))

    def text(self, key: str) -> str:
        """Return the value of `key` without blanks and NUL around it, "" where it is missing."""
        value = self.get(key, "")
        return value.strip(" \t\r\n\0")

    def merged(self, more: Keywords, tolerance: Tolerance) -> Keywords:
        """Return these keywords and `more` of the supplemental TEXT; on a clash these hold (FCS-T12)."""
        clashes = sorted(key for key in more if key in self and more[key] != self[key])
        if clashes:
            tolerance.note(
                "stext-clash",
                f"supplemental TEXT repeats {len(clashes)} keywords with other values: {', '.join(clashes[:5])}",
                where="STEXT",
                consequence="primary TEXT holds",
            )
        return Keywords(
            {**more._values, **self._values},
            {**more.spelling, **self.spelling},
            {**more.duplicates, **self.duplicates},
        )


def upper(key: str) -> str:
    """Return `key` with ASCII letters in upper case (``str.upper`` would turn one ß into two letters)."""
    return key.upper() if key.isascii() else key.translate(_ASCII_UPPER)


def decode_keywords(pairs: Pairs, *, name: str, tolerance: Tolerance) -> Keywords:
    """Decode the pairs of one segment: UTF-8, else cp1252, else latin-1, value by value (FCS-T09)."""
    values: dict[str, str] = {}
    spelling: dict[str, str] = {}
    duplicates: dict[str, tuple[str, ...]] = {}
    used: dict[Encoding, str] = {}
    for raw_key, raw_value in pairs:
        written, _ = _decode(raw_key)
        value, encoding = _decode(raw_value)
        key = upper(written.strip(" \t\r\n\0\ufeff"))
        used.setdefault(encoding, key)
        if not key:
            tolerance.note("text-empty-key", f"{name} holds a value without a key", where=name)
        elif key in values:
            duplicates[key] = (*duplicates.get(key, ()), value)
        else:
            values[key], spelling[key] = value, written
    _report(duplicates, used, name, tolerance)
    return Keywords(values, spelling, duplicates)


def _decode(raw: bytes) -> tuple[str, Encoding]:
    if raw.isascii():
        return raw.decode("ascii"), "ascii"
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"


def _report(
    duplicates: Mapping[str, tuple[str, ...]], used: Mapping[Encoding, str], name: str, tolerance: Tolerance
) -> None:
    for key, others in list(duplicates.items())[:20]:
        tolerance.note(
            "keyword-duplicate",
            f"{key} stands {len(others) + 1} times in {name}",
            where=key,
            consequence="the first value holds",
        )
    for encoding in ("cp1252", "latin-1"):
        if encoding in used:
            tolerance.note(
                "text-encoding",
                f"{name} is not UTF-8 (first at {used[encoding]})",
                where=name,
                severity="info",
                consequence=f"decoded as {encoding}",
            )
