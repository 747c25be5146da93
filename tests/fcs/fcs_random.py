"""Random legal FCS files with their truth, from an encoder that shares nothing with nkflow or `fcs_builder`.

Everything is done the slowest way: values are Python integers, DATA is a string of binary digits, and the truth of
data units is computed value by value. A file mixes what single deviations of the corpus never meet together: widths,
byte orders, masks, logarithms, gains, time steps, delimiters inside values, supplemental TEXT, the order of segments,
offsets that contradict each other, several data sets.
"""

from __future__ import annotations

import math
import random
import struct
from dataclasses import dataclass, field

SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-+()[]{}#$%&=?!*^<>~;:'\"\\/|,@"
DELIMITERS = "/|\\,!*\x0c\x1e\r^.+?([;~#@\t"


@dataclass
class Column:
    """One channel: how it is stored, what is declared about it, and its values before the mask."""

    name: str
    kind: str
    bits: int
    range: str
    exponent: str = "0,0"
    gain: str | None = None
    values: list[float] = field(default_factory=list)

    def stored(self) -> list[float]:
        if self.kind != "I":
            return self.values
        mask = self._mask()
        return [int(value) & mask for value in self.values]

    def _mask(self) -> int:
        every = 2**self.bits - 1
        try:
            limit = float(self.range)
            limit = int(self.range) if self.range.strip().isdigit() else limit
        except ValueError:
            return every
        if limit <= 1 or limit != int(limit):
            return every
        power = 1
        while power < int(limit):
            power *= 2
        return min(power - 1, every)

    def in_data_units(self, time_step: float | None) -> list[float]:
        decades, offset = (float(part) for part in self.exponent.split(","))
        is_time = self.name.strip().lower() in ("time", "hdr-t")
        result = []
        for value in self.stored():
            if self.kind == "I" and decades > 0 and float(self.range or 0) > 0:
                unit = (offset or 1.0) * math.pow(10.0, decades * value / float(self.range))
            elif is_time:
                unit = float(value)
            else:
                unit = float(value) / (float(self.gain) if self.gain and float(self.gain) > 0 else 1.0)
            result.append(unit * time_step if is_time and time_step else unit)
        return result


@dataclass
class Truth:
    content: bytes
    version: str
    columns: list[Column]
    keywords: dict[str, str]
    time_step: float | None
    packed: bool


def bits_of(value: float, kind: str, bits: int) -> int:
    if kind == "F":
        return int.from_bytes(struct.pack(">f", value), "big")
    return int.from_bytes(struct.pack(">d", value), "big") if kind == "D" else int(value)


def in_order(word: int, width: int, ranks: list[int]) -> bytes:
    """Return the bytes of `word`: entry k of `ranks` is the rank of stored byte k, 1 the least significant."""
    if len(ranks) != width:
        ranks = list(range(1, width + 1)) if ranks[0] == 1 else list(range(width, 0, -1))
    return bytes(word >> 8 * (rank - 1) & 255 for rank in ranks)


def data_of(columns: list[Column], events: int, ranks: list[int], packed: bool) -> bytes:
    if not packed:
        return b"".join(
            in_order(bits_of(c.values[event], c.kind, c.bits), c.bits // 8, ranks)
            for event in range(events)
            for c in columns
        )
    big = ranks[0] != 1
    digits = ""
    for event in range(events):
        for c in columns:
            word = format(bits_of(c.values[event], c.kind, c.bits), f"0{c.bits}b")
            digits += word if big else word[::-1]
    digits += "0" * (-len(digits) % 8)
    octets = [digits[at : at + 8] for at in range(0, len(digits), 8)]
    return bytes(int(octet if big else octet[::-1], 2) for octet in octets)


def make_columns(r: random.Random, version: str, events: int, packed: bool) -> list[Column]:
    count = r.randint(1, 9)
    mixed = version == "FCS3.2" and not packed and r.random() < 0.6
    shared = "I" if packed else r.choice("IIFD")
    whole = r.random() < 0.5
    width = r.choice([9, 10, 12, 20]) if packed else r.choice([8, 16, 24, 32, 40, 48, 56, 64])
    columns = []
    for number in range(count):
        kind = r.choice("IFD") if mixed else shared
        if kind == "I":
            other = r.choice([7, 9, 10, 11, 12, 13, 18, 20, 33]) if packed else r.choice(range(8, 72, 8))
            bits = width if whole else other
        else:
            bits = 32 if kind == "F" else 64
        name = (
            "Time" if number == count - 1 and r.random() < 0.5 else f"{r.choice(['FL', 'B5', 'é'])}{number}-A"
        )
        columns.append(Column(name, kind, bits, range_of(r, bits, kind)))
        c = columns[-1]
        good = c.range.strip().isdigit() and 1 < int(c.range) < 10**20
        if kind == "I" and name != "Time" and good and r.random() < 0.3:
            c.exponent = r.choice(["4,1", "4.0,0.0", " 5,0.1", "3.5,1.0"])
        elif r.random() < 0.4:
            c.gain = r.choice(["2.0", "0.5", "1", " 12.5 ", "", "0", "100"])
        c.values = [value_of(r, kind, bits) for _ in range(events)]
    return columns


def range_of(r: random.Random, bits: int, kind: str) -> str:
    power = r.randint(1, bits if kind == "I" else 18)
    usual = [str(2**power), str(2**power), str(2**bits), str(max(2, 2**power - 1)), str(2**power + 1), "1000"]
    odd = ["262144.0", "1e5", "", "0", "1", "4294967297", " 1024 ", "junk", "1" + "0" * 300]
    return r.choice(usual + odd)


def value_of(r: random.Random, kind: str, bits: int) -> float:
    if kind == "I":
        return r.choice([r.getrandbits(bits), r.getrandbits(min(bits, 8)), 2**bits - 1, 0])
    value = r.choice(
        [r.gauss(0, 1e3), r.uniform(-10, 3e5), 0.0, -0.0, 16777217.0, 1e30, float(r.randint(0, 9))]
    )
    return struct.unpack("<f", struct.pack("<f", value))[0] if kind == "F" else value


def any_text(r: random.Random, delimiter: str) -> str:
    """Return a value that neither begins with the delimiter nor is empty; it may hold and end with it."""
    letters = SAFE + delimiter * 30 + "éßµ日"
    body = "".join(r.choice(letters) for _ in range(r.randint(0, 20)))
    return r.choice("abcXYZ019") + body


def escape(token: str, delimiter: str, encoding: str) -> bytes:
    return token.replace(delimiter, delimiter * 2).encode(encoding)


def spelled(r: random.Random, key: str) -> str:
    return r.choice([key, key, key.lower(), key.title()])


def padded(r: random.Random, number: int) -> str:
    return r.choice([f"{number}", f"{number:>9}", f"{number:<9}", f"{number:09d}"])


def random_file(seed: int) -> Truth:
    """Return one data set and what a reader has to say about it."""
    r = random.Random(seed)
    version = r.choice(["FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2"])
    packed = r.random() < 0.2
    events = r.choice([0, 1, 2, 3, 7, 50])
    columns = make_columns(r, version, events, packed)
    packed = any(c.bits % 8 for c in columns)
    ranks = byte_order(r, version, columns, packed)
    body = data_of(columns, events, ranks, packed)
    time_step = r.choice([None, 0.01, 0.1, 0.001])
    return Truth(*assemble(r, version, columns, body, ranks, events, time_step), time_step, packed)


def byte_order(r: random.Random, version: str, columns: list[Column], packed: bool) -> list[int]:
    widths = {c.bits // 8 for c in columns}
    up = list(range(1, (widths.pop() if len(widths) == 1 and not packed and version < "FCS3.1" else 4) + 1))
    choices = [up, up[::-1]]
    if version < "FCS3.1" and not packed and len({c.bits for c in columns}) == 1:
        shuffled = up[:]
        r.shuffle(shuffled)
        choices.append(shuffled)
    return r.choice(choices)


def assemble(
    r: random.Random,
    version: str,
    columns: list[Column],
    body: bytes,
    ranks: list[int],
    events: int,
    time_step: float | None,
) -> tuple[bytes, str, list[Column], dict[str, str]]:
    delimiter = r.choice(DELIMITERS)
    encoding = "utf-8" if version >= "FCS3.1" else r.choice(["utf-8", "cp1252"])
    pairs = required(r, version, columns, ranks, events)
    if time_step is not None:
        pairs["$TIMESTEP"] = f" {time_step}"
    free = {
        f"{r.choice(['$OP', '$COM', 'NOTE', 'FOO BAR', 'A'])}{n}": any_text(r, delimiter) for n in range(4)
    }
    if encoding == "cp1252":
        free = {key: value.replace("日", "").replace("ß", "").replace("µ", "") for key, value in free.items()}
    pairs |= free
    items = list(pairs.items())
    r.shuffle(items)
    in_stext = (
        {k: any_text(r, delimiter) for k in ("STEXT1", "$STEXT2")}
        if version >= "FCS3.0" and r.random() < 0.4
        else {}
    )
    supplement = b"".join(
        escape(k, delimiter, "utf-8")
        + delimiter.encode()
        + escape(v, delimiter, "utf-8")
        + delimiter.encode()
        for k, v in in_stext.items()
    )
    if supplement and r.random() < 0.5:
        supplement = delimiter.encode() + supplement
    content = placed(r, version, items, body, supplement, delimiter=delimiter, encoding=encoding)
    return content, version, columns, {**pairs, **in_stext}


def required(
    r: random.Random, version: str, columns: list[Column], ranks: list[int], events: int
) -> dict[str, str]:
    kinds = [c.kind for c in columns]
    shared = r.choice(kinds)
    comma = r.choice([",", ", "])
    pairs = {
        "$BYTEORD": comma.join(map(str, ranks)),
        "$DATATYPE": shared,
        "$NEXTDATA": "0",
        "$PAR": padded(r, len(columns)),
        "$TOT": padded(r, events),
        "$MODE": "L",
        "$CYT": "a cytometer",
    }
    for number, c in enumerate(columns, start=1):
        pairs[f"$P{number}N"] = c.name
        pairs[f"$P{number}B"] = padded(r, c.bits)
        pairs[f"$P{number}R"] = c.range or " "
        pairs[f"$P{number}E"] = c.exponent
        if c.gain is not None:
            pairs[f"$P{number}G"] = c.gain or " "
        if c.kind != shared or (version == "FCS3.2" and r.random() < 0.2):
            pairs[f"$P{number}DATATYPE"] = c.kind
    return pairs


def placed(
    r: random.Random,
    version: str,
    items: list[tuple[str, str]],
    body: bytes,
    supplement: bytes,
    *,
    delimiter: str,
    encoding: str,
) -> bytes:
    """Put the segments into the file, in any order and with filler between them."""
    fill = [r.randbytes(r.choice([0, 0, 1, 17])) for _ in range(4)]
    d = delimiter.encode()
    keys = {key: spelled(r, key) for key, _ in items}
    last = r.choice([d, d, d + b"  ", d + b"\0\r\n", b"" if items[-1][1].strip() else d])
    twenty = version >= "FCS3.0"

    def text(begin: int, end: int, more: int) -> bytes:
        numbers = {"$BEGINDATA": begin, "$ENDDATA": end, "$BEGINANALYSIS": 0, "$ENDANALYSIS": 0}
        stext = (more, more + len(supplement) - 1) if supplement else (0, 0)
        numbers |= {"$BEGINSTEXT": stext[0], "$ENDSTEXT": stext[1]}
        written = [*items[:2], *((k, f"{v:014d}") for k, v in numbers.items() if twenty), *items[2:]]
        tokens = (escape(t, delimiter, encoding) for k, v in written for t in (keys.get(k, k), v))
        return d + d.join(tokens) + last

    length = len(text(0, 0, 0))
    after = r.random() < 0.3
    if after:
        begin = 58 + len(fill[0])
        at = begin + len(body) + len(fill[1])
        more = at + length + len(fill[2])
    else:
        at = 58 + len(fill[0])
        begin = at + length + len(fill[1])
        more = begin + len(body) + len(fill[2])
    end = begin + len(body) - 1
    if not body:
        begin = end = 0
    in_text, in_header = offsets(r, version, begin, end)
    segment = text(*in_text, more)
    header = f"{version}    {at:>8}{at + length - 1:>8}{in_header[0]:>8}{in_header[1]:>8}"
    header += r.choice([" " * 16, f"{0:>8}{0:>8}", f"{0:>8}{-1:>8}"])
    parts = [fill[0], body, fill[1], segment] if after else [fill[0], segment, fill[1], body]
    return header.encode() + b"".join([*parts, fill[2], supplement, r.choice([b"", b"00000000", fill[3]])])


def offsets(r: random.Random, version: str, begin: int, end: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return what TEXT and HEADER say; from FCS 3.0 on one of the two may be wrong."""
    right = (begin, end)
    if version == "FCS2.0" or end == 0:
        return right, right
    wrong = r.choice(
        [(0, 0), (begin, 0), (begin, 99999999), (begin + 5, end + 900), (begin + 40000, end + 40000)]
    )
    return r.choice([(right, right), (right, right), (right, wrong), (wrong, right)])
