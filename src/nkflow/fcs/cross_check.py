"""A second opinion: the same events by FlowIO and fcsparser, value for value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.header import HEADER_BYTES, parse_header
from nkflow.fcs.known_differences import Facts, reasons
from nkflow.fcs.sample import Sample
from nkflow.fcs.second_readers import READERS, Refusal, SecondReading
from nkflow.fcs.source import Source, Window
from nkflow.fcs.tolerance import Tolerance

__all__ = ["Comparison", "Difference", "cross_check"]

_LARGEST = 2 * 1024**3  # bytes of events that are compared in memory
_SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """Where two readers differ in one channel.

    Attributes
    ----------
    channel
        Its name here.
    events
        In how many events they differ.
    first
        The first of these events, from 0.
    here, there
        The two values of that event.
    """

    channel: str
    events: int
    first: int
    here: float
    there: float


@dataclass(frozen=True)
class Comparison:
    """What another reader makes of the file.

    Attributes
    ----------
    reader, version
        Which reader.
    state
        ``agrees``: every stored value is the same; ``differs``; ``refuses``; ``not-compared``: too large.
    message
        One sentence.
    reasons
        What is known to mislead this reader here; empty where nothing is.
    differences
        Up to 20 channels.
    options
        What the reader had to be told to read the file.
    """

    reader: str
    version: str
    state: Literal["agrees", "differs", "refuses", "not-compared"]
    message: str
    reasons: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def explained(self) -> bool:
        """Whether the reader agrees, or is known to be misled by such a file."""
        return self.state in ("agrees", "not-compared") or bool(self.reasons)

    def as_dict(self) -> dict[str, object]:
        """Return the comparison as plain values."""
        return asdict(self) | {"explained": self.explained}


def cross_check(sample: Sample, offset: int) -> tuple[Comparison, ...]:
    """Compare the stored values of `sample`, whose data set begins at byte `offset`, with two other readers.

    The sample must come from a file. Files whose events take more than 2 GiB are not compared.
    """
    if sample.path is None:
        return ()
    if sample.n_events * len(sample.channels) * 8 > _LARGEST:
        large = "the events are too many to hold them three times"
        return tuple(Comparison(name, _version(name), "not-compared", large) for name in READERS)
    facts = _facts(sample, offset)
    stored = sample.stored()
    comparisons = []
    for name, read in READERS.items():
        found = read(sample.path, sample.data_set, offset)
        comparisons.append(_compare(name, found, stored, facts))
    return tuple(comparisons)


def _facts(sample: Sample, offset: int) -> Facts:
    with Source(sample.path or "") as source:
        window = Window(source, offset)
        first = window.read(0, HEADER_BYTES)
        header = parse_header(first, Tolerance(sample.name, strict=False))
        return Facts(sample, header, window.read(header.text.begin, 1).decode("latin-1"), first)


def _compare(
    name: str, found: SecondReading | Refusal, stored: NDArray[np.generic], facts: Facts
) -> Comparison:
    version = _version(name)
    if isinstance(found, Refusal):
        known = reasons(name, "refuses", facts)
        return Comparison(name, version, "refuses", f"does not read the file: {found.error}", known)
    known = reasons(name, "values", facts)
    here, there = stored.shape, found.values.shape
    if here != there:
        message = f"{here[0]} events of {here[1]} channels here, {' x '.join(map(str, there))} there"
        return Comparison(name, version, "differs", message, known, options=found.options)
    differences = _differences(stored, found.values, facts.sample)
    if differences:
        message = f"values differ in {len(differences)} of {here[1]} channels"
        return Comparison(name, version, "differs", message, known, differences[:_SHOWN], found.options)
    originals = tuple(channel.original_name for channel in facts.sample.channels)
    message = f"the same {here[0]} events of {here[1]} channels"
    if tuple(n.strip() for n in found.names) != tuple(n.strip() for n in originals):
        message += ", under other names"
        known = reasons(name, "names", facts)
        return Comparison(name, version, "differs", message, known, options=found.options)
    return Comparison(name, version, "agrees", message, options=found.options)


def _differences(
    here: NDArray[np.generic], there: NDArray[np.generic], sample: Sample
) -> tuple[Difference, ...]:
    found = []
    for channel in sample.channels:
        mine = here[:, channel.index].astype(np.float64)
        other = np.asarray(there[:, channel.index], dtype=np.float64)
        unequal = ~((mine == other) | (np.isnan(mine) & np.isnan(other)))
        if unequal.any():
            first = int(np.argmax(unequal))
            values = float(mine[first]), float(other[first])
            found.append(Difference(channel.name, int(unequal.sum()), first, *values))
    return tuple(found)


def _version(reader: str) -> str:
    from importlib.metadata import version

    return version(reader.lower())
