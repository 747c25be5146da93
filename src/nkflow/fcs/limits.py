"""Caps that are checked before memory is asked for."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What a file may ask of the reader; a breach raises :class:`~nkflow.errors.FCSLimitError`.

    Attributes
    ----------
    text_bytes
        Longest TEXT, supplemental TEXT or ANALYSIS segment.
    delimiters
        Most delimiter bytes in one such segment (each costs a list entry while splitting).
    keywords
        Most keywords in one segment.
    value_bytes
        Longest value of one keyword.
    channels
        Largest `$PAR`.
    data_sets
        Most data sets followed through `$NEXTDATA`.
    matrix
        Most detectors of a spillover matrix.
    ascii_bytes
        Longest DATA segment of `$DATATYPE` A, which is decoded as a whole.
    """

    text_bytes: int = 64 * _MIB
    delimiters: int = 1_000_000
    keywords: int = 200_000
    value_bytes: int = 16 * _MIB
    channels: int = 10_000
    data_sets: int = 64
    matrix: int = 1_000
    ascii_bytes: int = 128 * _MIB
