"""Why FlowIO and fcsparser read some files otherwise, or not at all (STANDARDS.md §2).

Each entry names a property of a file that is known to mislead one of them. A difference without an entry that
applies is unexplained, and a reason to look at the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from nkflow.fcs.channels import Channel
from nkflow.fcs.header import Header
from nkflow.fcs.sample import Sample

__all__ = ["KNOWN", "Effect", "Facts", "KnownDifference", "reasons"]

Effect = Literal["refuses", "values", "names"]


@dataclass(frozen=True, eq=False)
class Facts:
    """What the entries look at; `first` are the bytes of HEADER."""

    sample: Sample
    header: Header
    delimiter: str
    first: bytes = b""

    def has(self, *codes: str) -> bool:
        """Whether the file has one of these findings."""
        return any(finding.code in codes for finding in self.sample.findings)

    def has_all(self, *keys: str) -> bool:
        """Whether the file has all these keywords."""
        return all(key in self.sample.keywords for key in keys)

    def any_channel(self, test: Callable[[Channel], bool]) -> bool:
        """Whether `test` holds for some channel."""
        return any(test(channel) for channel in self.sample.channels)

    def integers(self, test: Callable[[Channel], bool]) -> bool:
        """Whether `test` holds for some channel of integers."""
        return self.any_channel(lambda channel: channel.data_type == "I" and test(channel))

    @property
    def byte_order(self) -> str:
        """`$BYTEORD` as it stands."""
        return self.sample.keywords.get("$BYTEORD", "")

    @property
    def per_channel_types(self) -> bool:
        """Whether a `$PnDATATYPE` overrides `$DATATYPE`."""
        stated = self.sample.keywords.text("$DATATYPE").upper()
        return self.any_channel(lambda channel: channel.data_type != stated)

    @property
    def padded_keywords(self) -> bool:
        """Whether blanks stand around a keyword."""
        return any(written != written.strip() for written in self.sample.keywords.spelling.values())

    @property
    def lower_case_keywords(self) -> bool:
        """Whether a standard keyword is not in upper case."""
        return any(key != written.strip() for key, written in self.sample.keywords.spelling.items())

    @property
    def escapes(self) -> bool:
        """Whether the delimiter stands in a value."""
        return any(self.delimiter in value for value in self.sample.keywords.values())

    def padded_numbers(self, *keys: str) -> bool:
        """Whether NUL or a byte order mark stands in one of these keywords."""
        return any({"\0", "\ufeff"} & set(self.sample.keywords.get(key, "")) for key in keys)

    def no_number(self, key: str) -> bool:
        """Whether a keyword is there and is no number."""
        return key in self.sample.keywords and self.sample.keywords.number(key) is None

    def raw_range(self, channel: Channel) -> str:
        """`$PnR` of a channel as it stands."""
        return self.sample.keywords.text(f"$P{channel.index + 1}R")


@dataclass(frozen=True)
class KnownDifference:
    """A property of files, the reader it misleads, and how.

    Attributes
    ----------
    effects
        What may follow: ``refuses``, other ``values`` (or another number of them), other ``names``.
    """

    reader: str
    effects: frozenset[Effect]
    applies: Callable[[Facts], bool]
    reason: str


def reasons(reader: str, effect: Effect, facts: Facts) -> tuple[str, ...]:
    """Return what is known to have this effect on `reader` in this file."""
    return tuple(k.reason for k in KNOWN if k.reader == reader and effect in k.effects and k.applies(facts))


_Entries = tuple[tuple[str, Callable[[Facts], bool], str], ...]


def _range_above_width(channel: Channel) -> bool:
    return channel.range is not None and channel.range > 2**channel.bits


def _no_range(channel: Channel) -> bool:
    return channel.range is None or channel.range <= 1 or channel.range != int(channel.range)


def _odd_width(channel: Channel) -> bool:
    return channel.bits not in (8, 16, 32)


def _three_bytes(channel: Channel) -> bool:
    return channel.bits in (24, 40, 48, 56)


_PLAIN_ORDERS = ("1,2,3,4", "4,3,2,1", "1,2", "2,1")
_R, _V, _N = "refuses", "values", "names"
_TOT = ("tot-mismatch", "tot-missing", "tot-invalid", "truncated")
_PARSES = ("text-empty-values", "text-two-parses")

_FLOWIO: _Entries = (
    (_R, lambda f: f.integers(_odd_width), "reads integers of 8, 16 and 32 bits only"),
    (_R, lambda f: f.has("width-repaired", "packed-bit-order"), "believes a $PnB that is not in whole bytes"),
    (
        _R + _V,
        lambda f: not f.header.data.present,
        "needs the offsets of DATA in HEADER, unless the file is large",
    ),
    (_R + _V, lambda f: f.has("data-offsets-differ"), "trusts TEXT, or refuses where HEADER says otherwise"),
    (_R + _V, lambda f: f.has("data-end-plus-one", "data-slack"), "takes the end of DATA as stated"),
    (_R + _V, lambda f: f.has(*_TOT), "needs $TOT, and counts by the length of DATA"),
    (_R + _V, lambda f: f.per_channel_types, "ignores $PnDATATYPE"),
    (_R + _V, lambda f: f.any_channel(lambda c: c.data_type == "A"), "reads no decimal digits"),
    (
        _V,
        lambda f: f.byte_order not in _PLAIN_ORDERS,
        "takes the computer's byte order for orders it does not know",
    ),
    (
        _R + _V,
        lambda f: f.integers(_no_range),
        "masks everything away where $PnR is 0, and needs a number there",
    ),
    (_R, lambda f: f.integers(_range_above_width), "fails where $PnR is above 2^$PnB"),
    (_R, lambda f: f.any_channel(lambda c: not f.raw_range(c).isdigit()), "needs $PnR as a whole number"),
    (
        _R,
        lambda f: f.delimiter in "^.+?([$",
        "fails on a delimiter that means something in a regular expression",
    ),
    (_R + _V + _N, lambda f: f.has(*_PARSES), "loses keywords after an empty value"),
    (_R + _N, lambda f: f.has("text-unterminated", "text-unpaired"), "drops the last character of TEXT"),
    (_R + _N, lambda f: f.padded_keywords, "keeps the blanks around a keyword"),
    (_R + _V + _N, lambda f: f.has("keyword-duplicate"), "keeps the last of several values"),
    (_N, lambda f: any("$" in c.original_name for c in f.sample.channels), "removes every $"),
    (
        _N,
        lambda f: any(f.delimiter in c.original_name for c in f.sample.channels),
        "leaves delimiters doubled",
    ),
    (_R + _V, lambda f: f.sample.n_events == 0, "fails on a file without events"),
    (_R, lambda f: f.has("channels-from-zero"), "counts channels from 1"),
    (_R + _V + _N, lambda f: f.escapes, "leaves some doubled delimiters, or joins what stands beside them"),
    (_R, lambda f: not f.has_all("$MODE", "$BYTEORD", "$TOT"), "needs $MODE, $BYTEORD and $TOT"),
    (_R, lambda f: f.padded_numbers("$PAR", "$TOT", "$NEXTDATA"), "takes neither NUL nor BOM for padding"),
    (_R, lambda f: f.no_number("$NEXTDATA"), "needs a number in $NEXTDATA"),
    (_N, lambda f: f.any_channel(lambda c: not c.original_name), "names channels itself"),
    (_R, lambda f: b"\0" in f.first, "takes no NUL for padding of HEADER"),
    (
        _R,
        lambda f: (
            any(f.no_number(f"$P{c.index + 1}G") for c in f.sample.channels) or f.no_number("$TIMESTEP")
        ),
        "needs numbers in $PnG and $TIMESTEP",
    ),
)
_FCSPARSER: _Entries = (
    (
        _V,
        lambda f: f.integers(_three_bytes),
        "pads integers of 3, 5, 6 and 7 bytes, on the wrong side if little-endian",
    ),
    (_V, lambda f: f.integers(lambda c: c.bits == 64), "masks integers of 64 bits with 0"),
    (
        _R + _V,
        lambda f: f.has("width-repaired", "packed-bit-order"),
        "takes $PnB / 8, rounded down, for the width",
    ),
    (_R + _V, lambda f: f.has("data-offsets-differ"), "trusts HEADER"),
    (_R + _V, lambda f: f.has(*_TOT), "needs $TOT, and believes it"),
    (_R + _V, lambda f: f.per_channel_types, "ignores $PnDATATYPE"),
    (_R, lambda f: f.any_channel(lambda c: c.data_type == "A"), "reads no decimal digits"),
    (_R, lambda f: f.byte_order not in _PLAIN_ORDERS, "knows no other byte orders"),
    (_R + _V, lambda f: f.integers(_no_range), "takes the logarithm of $PnR"),
    (_R + _V, lambda f: f.integers(_range_above_width), "masks with more bits than there are"),
    (_R + _N, lambda f: f.has(*_PARSES), "loses keywords after an empty value"),
    (_R + _N, lambda f: f.has("text-encoding"), "drops bytes that are not UTF-8"),
    (_R, lambda f: f.padded_keywords, "keeps the blanks around a keyword"),
    (_R, lambda f: f.lower_case_keywords, "needs keywords in upper case"),
    (_R + _N, lambda f: f.has("text-unterminated", "text-unpaired"), "strips TEXT before it splits it"),
    (_R + _V + _N, lambda f: f.has("keyword-duplicate"), "keeps the last of several values"),
    (_R + _N, lambda f: f.has("channel-name-made"), "takes $PnS where $PnN is not unique"),
    (_R, lambda f: f.has("channels-from-zero"), "refuses channels counted from 0"),
    (_R, lambda f: f.sample.keywords.get("$MODE") != "L", "needs $MODE L"),
    (_R + _V, lambda f: f.sample.data_set > 0, "adds the place of a later data set to blank offsets"),
    (_R, lambda f: f.sample.n_events == 0, "fails on a file without events"),
    (_R, lambda f: f.has("delimiter-unusual"), "takes a delimiter above 126 for something else"),
    (_R, lambda f: f.padded_numbers("$PAR", "$TOT", "$NEXTDATA"), "takes neither NUL nor BOM for padding"),
    (_R, lambda f: not f.has_all("$TOT"), "needs $TOT"),
    (_R, lambda f: f.has("nextdata-ignored") or f.no_number("$NEXTDATA"), "goes where $NEXTDATA points"),
)

KNOWN: tuple[KnownDifference, ...] = tuple(
    KnownDifference(
        reader, frozenset(e for e in ("refuses", "values", "names") if e in effects), applies, reason
    )
    for reader, entries in (("FlowIO", _FLOWIO), ("fcsparser", _FCSPARSER))
    for effects, applies, reason in entries
)
