"""Is every tube the one that the lot says it is? Its own bytes, its own events, its keywords."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from nkflow.release.suitability.check import Check, Measured, met
from nkflow.release.tubes import GatedTube

__all__ = ["identity_checks"]

_ANY_LOT = "nkflow: one file is one tube"


def identity_checks(measured: Measured) -> Iterator[Check]:
    """Yield whether each tube has its own file, and the keywords that the lot states as its codes."""
    yield from _distinct(measured)
    yield from _codes(measured)


def _distinct(measured: Measured) -> Iterator[Check]:
    """The same bytes, or the same events under other keywords, can't be two tubes."""
    copies = {
        (second.tube.name, first.tube.name): how
        for first, second in combinations(measured.read, 2)
        if (how := _copy(first, second))
    }
    for (tube, first), how in copies.items():
        yield Check("own file", tube, f"{how} as tube {first}", "its own", "not met", _ANY_LOT)
    if measured.read and not copies:
        value = f"{len(measured.read)} tubes, {len(measured.read)} files"
        yield Check("own file", "", value, "a file for each tube", "met", _ANY_LOT)


def _copy(first: GatedTube, second: GatedTube) -> str:
    """Return what two tubes share: ``the same bytes``, ``the same events``, or nothing."""
    one, other = first.sample, second.sample
    assert one is not None
    assert other is not None
    if one.sha256 == other.sha256:
        return "the same bytes"
    if one.n_events != other.n_events or one.n_events == 0 or len(one.channels) != len(other.channels):
        return ""
    same = np.array_equal(one.values(), other.values(), equal_nan=True)
    return "the same events" if same else ""


def _codes(measured: Measured) -> Iterator[Check]:
    """What the cytometer wrote into the file against what the lot says of the tube."""
    source = measured.rules.source
    for tube in measured.tubes if measured.rules.identity else ():
        if tube.sample is None:
            continue
        if not tube.tube.codes:
            yield Check("identity", tube.tube.name, "no codes in the lot", "codes", "not assessable", source)
        for keyword, wanted in tube.tube.codes.items():
            found = tube.sample.keywords.get(keyword.upper(), "").strip()
            outcome = met(found == wanted.strip())
            yield Check(f"identity {keyword}", tube.tube.name, found or "nothing", wanted, outcome, source)
