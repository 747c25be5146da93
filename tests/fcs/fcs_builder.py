"""FCS files made by hand, one deviation at a time; shares no code with nkflow's writer or reader."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

Row = Sequence[float]
EVENTS: tuple[Row, ...] = ((1, 2, 3), (10, 20, 30), (100, 200, 300), (1000, 2000, 3000))


@dataclass(frozen=True)
class Build:
    """A file as it should be, and the places where a test may bend it.

    `header` replaces the offsets of HEADER by fields of 8 bytes; `text` and `data` work on the finished bytes of
    their segments; `end_shift` moves the stated end of DATA; `keywords` with the value None are left out.
    """

    events: Sequence[Row] = EVENTS
    version: str = "FCS3.1"
    types: str = "FFF"
    bits: Sequence[int | str] = (32, 32, 32)
    ranges: Sequence[object] = (262144, 262144, 262144)
    names: Sequence[str] = ("FSC-A", "FITC-A", "PE-A")
    order: str = "1,2,3,4"
    delimiter: str = "|"
    keywords: Mapping[str, str | None] = field(default_factory=dict)
    header: Mapping[str, str] = field(default_factory=dict)
    text: Callable[[bytes], bytes] = bytes
    data: Callable[[bytes], bytes] = bytes
    packed: str = ""
    before_data: bytes = b""
    tail: bytes = b""
    stext: bytes = b""
    begin_shift: int = 0
    end_shift: int = 0
    encoding: str = "latin-1"
    text_after_data: bool = False

    def bend(self, **changes: object) -> Build:
        return replace(self, **changes)  # type: ignore[arg-type]

    def body(self) -> bytes:
        """Return DATA, value by value."""
        if self.packed:
            return _packed(self.events, [int(b) for b in self.bits], self.packed)
        parts = []
        ranks = [int(rank) for rank in self.order.replace(" ", "").split(",")]
        for row in self.events:
            for value, kind, bits in zip(row, self.types, self.bits, strict=True):
                parts.append(_value(value, kind, 1 if bits == "*" else int(bits), ranks))
        return self.data(b"".join(parts))

    def pairs(self) -> dict[str, str]:
        shared = self.types[0] if len(set(self.types)) == 1 else "F"
        pairs = {
            "$BEGINANALYSIS": "0",
            "$ENDANALYSIS": "0",
            "$BEGINSTEXT": "0",
            "$ENDSTEXT": "0",
            "$BYTEORD": self.order,
            "$DATATYPE": shared,
            "$MODE": "L",
            "$NEXTDATA": "0",
            "$PAR": str(len(self.names)),
            "$TOT": str(len(self.events)),
        }
        for number, (name, kind) in enumerate(zip(self.names, self.types, strict=True), start=1):
            pairs |= {
                f"$P{number}N": name,
                f"$P{number}B": str(self.bits[number - 1]),
                f"$P{number}R": str(self.ranges[number - 1]),
                f"$P{number}E": "0,0",
            }
            if kind != shared:
                pairs[f"$P{number}DATATYPE"] = kind
        for key, value in self.keywords.items():
            if value is None:
                pairs.pop(key, None)
            else:
                pairs[key] = value
        return pairs

    def bytes(self) -> bytes:
        body = self.body()
        with_offsets = self.version != "FCS2.0"
        begin = end = stext = 0
        for _ in range(3):  # the offsets change the length of TEXT, which changes the offsets
            segment = self._segment(begin, end, stext if self.stext else 0, with_offsets)
            if self.text_after_data:
                text_at = 58 + len(self.before_data) + len(body)
                begin = 58 + len(self.before_data)
            else:
                text_at = 58
                begin = 58 + len(segment) + len(self.before_data)
            end = begin + len(body) - 1
            stext = begin + len(body)
        segment = self._segment(begin, end, stext if self.stext else 0, with_offsets)
        fields = {"text_begin": text_at, "text_end": text_at + len(segment) - 1}
        fields |= {"data_begin": begin + self.begin_shift, "data_end": end + self.end_shift}
        if not body:
            fields |= {"data_begin": 0, "data_end": 0}
        fields |= {"analysis_begin": 0, "analysis_end": 0}
        header = f"{self.version:<10}" + "".join(self.header.get(k, f"{v:>8}") for k, v in fields.items())
        middle = self.before_data + body
        parts = middle + segment if self.text_after_data else segment + middle
        return header.encode("latin-1") + parts + self.stext + self.tail

    def _segment(self, begin: int, end: int, stext: int, with_offsets: bool) -> bytes:
        pairs = self.pairs()
        if with_offsets:
            empty = not self.events
            offsets = {
                "$BEGINDATA": 0 if empty else begin + self.begin_shift,
                "$ENDDATA": 0 if empty else end + self.end_shift,
            }
            if stext:
                offsets |= {"$BEGINSTEXT": stext, "$ENDSTEXT": stext + len(self.stext) - 1}
            for key, value in offsets.items():
                if key not in self.keywords:
                    pairs[key] = f"{value:012d}"
        d = self.delimiter
        text = d + "".join(f"{k.replace(d, d + d)}{d}{v.replace(d, d + d)}{d}" for k, v in pairs.items())
        return self.text(text.encode(self.encoding))


INTEGERS = Build(types="III", bits=(16, 16, 16), ranges=(65536, 65536, 65536))
OLD = Build(version="FCS2.0")


def _value(value: float, kind: str, bits: int, ranks: list[int]) -> bytes:
    if kind == "A":
        return str(int(value)).rjust(bits).encode()
    if kind == "F":
        little = struct.pack("<f", value)
    elif kind == "D":
        little = struct.pack("<d", value)
    else:
        little = int(value).to_bytes(bits // 8, "little")
    width = len(little)
    if width == len(ranks):
        return bytes(little[rank - 1] for rank in ranks)
    return little if ranks == sorted(ranks) else little[::-1]


def _packed(events: Sequence[Row], bits: list[int], order: str) -> bytes:
    """Return a stream of bits, ``msb`` or ``lsb`` first."""
    stream = ""
    for row in events:
        for value, width in zip(row, bits, strict=True):
            digits = format(int(value), f"0{width}b")
            stream += digits if order == "msb" else digits[::-1]
    stream += "0" * (-len(stream) % 8)
    octets = [stream[i : i + 8] for i in range(0, len(stream), 8)]
    return bytes(int(octet if order == "msb" else octet[::-1], 2) for octet in octets)


def join(first: bytes, second: bytes) -> bytes:
    """Put a second data set behind the first, whose `$NEXTDATA` must be 12 digits ``000000000000``."""
    return first.replace(b"000000000000", f"{len(first):012d}".encode(), 1) + second
