"""Were all tubes measured on one cytometer, with the same settings and the same matrix, and was it fit that day?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from nkflow.compensation import Spillover
from nkflow.release.suitability.check import Check, Measured, Outcome, met
from nkflow.release.tubes import GatedTube

__all__ = ["setting_checks"]

_WORDS = {
    "$CYT": "cytometer",
    "$CYTSN": "cytometer serial number",
    "$PNV": "detector voltages",
    "$PNG": "detector gains",
    "$PNE": "amplification",
    "$PNF": "filters",
    "$PNR": "ranges",
}
T = TypeVar("T")


def setting_checks(measured: Measured) -> Iterator[Check]:
    """Yield whether settings agree over the lot, and whether the cytometer and its matrix were fit."""
    for keyword in measured.rules.same_settings:
        yield from _same(keyword, measured)
    if measured.rules.same_matrix:
        yield from _matrix(measured)
    yield from _instrument(measured)


def _same(keyword: str, measured: Measured) -> Iterator[Check]:
    """Hold every tube to what most of them have, the first ones where none is usual."""
    tubes, source = measured.read, measured.rules.source
    if not tubes:
        return
    word = _WORDS.get(keyword.upper())
    name = f"same {word} ({keyword})" if word else f"same {keyword}"
    found = [_setting(tube, keyword) for tube in tubes]
    usual = dict(_most([tuple(sorted(setting.items())) for setting in found]))
    for tube, setting in zip(tubes, found, strict=True):
        apart = sorted(key for key in usual.keys() | setting.keys() if usual.get(key) != setting.get(key))
        if apart:
            value = ", ".join(f"{key} {setting.get(key) or 'absent'}" for key in apart[:4])
            limit = ", ".join(f"{key} {usual.get(key) or 'absent'}" for key in apart[:4])
            yield Check(name, tube.tube.name, value, f"{limit}, as in the other tubes", "not met", source)
    if all(setting == usual for setting in found):
        there = any(usual.values())
        value = f"alike in {len(tubes)} tubes" if there else "absent in all tubes"
        outcome: Outcome = "met" if there else "not assessable"
        yield Check(name, "", value, "alike in all tubes", outcome, source)


def _setting(tube: GatedTube, keyword: str) -> dict[str, str]:
    """Return the keywords of a tube that `keyword` stands for (``$PnV``: of every channel)."""
    assert tube.sample is not None
    keywords = tube.sample.keywords
    if "n" not in keyword[2:3]:
        return {keyword: keywords.get(keyword.upper(), "").strip()}
    before, after = keyword.upper().split("N", 1)
    return {
        channel.name: keywords.get(f"{before}{channel.index + 1}{after}", "").strip()
        for channel in tube.sample.channels
    }


def _most(values: Sequence[T]) -> T:
    """Return the most frequent value; of equally frequent ones the first."""
    return Counter(values).most_common(1)[0][0]


def _matrix(measured: Measured) -> Iterator[Check]:
    """The matrix that a tube was compensated with is that of the other tubes."""
    tubes = [tube for tube in measured.tubes if tube.gating is not None]
    if not tubes:
        return
    name, source = "same spillover matrix", measured.rules.source
    usual = _most([_written(_applied(tube)) for tube in tubes])
    apart = [tube for tube in tubes if _written(_applied(tube)) != usual]
    for tube in apart:
        matrix = _applied(tube)
        value = "no matrix" if matrix is None else f"another one ({len(matrix.names)} dyes)"
        yield Check(name, tube.tube.name, value, "that of the other tubes", "not met", source)
    if not apart:
        value = f"alike in {len(tubes)} tubes" if usual else "none in any tube"
        yield Check(name, "", value, "alike in all tubes", "met", source)


def _applied(tube: GatedTube) -> Spillover | None:
    return None if tube.gating is None else tube.gating.binding.spillover


def _written(matrix: Spillover | None) -> bytes:
    """Return a matrix as bytes that are equal where the matrices are."""
    if matrix is None:
        return b""
    names = "\0".join((*matrix.names, "", *matrix.detectors))
    return names.encode() + np.ascontiguousarray(matrix.matrix, dtype=np.float64).tobytes()


def _instrument(measured: Measured) -> Iterator[Check]:
    """What the lot says of the cytometer: whose files these are, its QC of the day, the age of its matrix."""
    instrument, rules = measured.lot.instrument, measured.rules
    if instrument is None:
        if rules.instrument_qc_h is not None or rules.matrix_valid_days is not None:
            limit = "the lot's section 'instrument'"
            yield Check("cytometer QC", "", "not stated", limit, "not assessable", rules.source)
        return
    for tube in measured.read:
        assert tube.sample is not None
        found = tube.sample.keywords.get("$CYTSN", "").strip()
        if found and found != instrument.serial:
            source = "lot, instrument.serial"
            yield Check("cytometer of the lot", tube.tube.name, found, instrument.serial, "not met", source)
    passed = met(instrument.qc == "passed")
    yield Check("cytometer QC of the day", "", instrument.qc, "passed", passed, "lot, instrument.qc")
    if rules.instrument_qc_h is not None:
        yield from _age_of_qc(measured, rules.instrument_qc_h)
    if rules.matrix_valid_days is not None:
        name, limit = "age of the matrix", f"0 to {rules.matrix_valid_days} days"
        if instrument.matrix_made_on is None:
            yield Check(name, "", "not stated", limit, "not assessable", rules.source)
            return
        days = (measured.last_day - instrument.matrix_made_on).days
        outcome = met(0 <= days <= rules.matrix_valid_days)
        yield Check(name, "", f"{days} days", limit, outcome, rules.source)


def _age_of_qc(measured: Measured, longest: float) -> Iterator[Check]:
    """Every tube was acquired after the cytometer's QC, and soon enough."""
    assert measured.lot.instrument is not None
    name, limit = "age of the cytometer QC", f"0 to {longest:g} h before each tube"
    source = measured.rules.source
    began = {tube.tube.name: measured.begin(tube) for tube in measured.read}
    hours = {
        tube: (when - measured.lot.instrument.qc_at).total_seconds() / 3600
        for tube, when in began.items()
        if when is not None
    }
    for tube in began.keys() - hours.keys():
        yield Check(name, tube, "the file has no time", limit, "not assessable", source)
    late = {tube: age for tube, age in hours.items() if not 0 <= age <= longest}
    for tube, age in late.items():
        yield Check(name, tube, f"{age:.1f} h", limit, "not met", source)
    if hours and not late:
        yield Check(name, "", f"at most {max(hours.values()):.1f} h", limit, "met", source)
