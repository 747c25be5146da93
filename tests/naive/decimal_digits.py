"""Twins of `nkflow.kernels.decimal_digits`: regular expressions and Python integers."""

from __future__ import annotations

import re

LARGEST = 2**64 - 1


def parse_separated(text, out):
    content = bytes(text).decode("latin-1")
    numbers = []
    for match in re.finditer(r"[^ \t,\r\n]+", content):
        token = match[0]
        for length in range(1, len(token) + 1):
            if not token[:length].isascii() or not token[:length].isdigit() or int(token[:length]) > LARGEST:
                return -1 - (match.start() + length - 1)
        numbers.append(int(token))
    for place, number in enumerate(numbers[: len(out)]):
        out[place] = number
    return len(numbers)


def parse_fields(text, widths, out):
    content = bytes(text).decode("latin-1")
    at = 0
    for place in range(len(out)):
        field = content[at : at + int(widths[place % len(widths)])]
        if not re.fullmatch(r"[ \0]*[0-9]+[ \0]*", field) or int(field.strip(" \0")) > LARGEST:
            return -1 - at
        out[place] = int(field.strip(" \0"))
        at += len(field)
    return len(out)
