"""`Sample`: header plus a block source; events are read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nkflow.compensation import Spillover
from nkflow.errors import InvalidValueError, PanelError
from nkflow.fcs.acquired import Acquired
from nkflow.fcs.blocks import BlockReader, EventSource
from nkflow.fcs.channels import Channel
from nkflow.fcs.findings import Finding
from nkflow.fcs.hashing import BlockHasher
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.memory import MemoryEvents, channels_from, columns_from
from nkflow.fcs.panel import find
from nkflow.fcs.volume import StatedVolume

__all__ = ["Sample"]

_BLOCK = 8192


@dataclass(frozen=True, eq=False)
class Sample:
    """One tube: what its header says, and its events on demand.

    Attributes
    ----------
    path
        The file, or None for a sample in memory.
    name
        Name of the file, or as given.
    version
        ``FCS3.1``; "" in memory.
    keywords
        Upper-case keys, values as they stand.
    channels
        In file order.
    findings
        What the reader tolerated.
    spillover
        The file's own matrix, None where none is recorded (an identity counts as none).
    acquired
        Begin and end of the acquisition.
    volume
        ``$VOL``, without a unit.
    time_step
        Seconds per tick of the time channel (``$TIMESTEP``), None where the file does not state it; values of
        the time channel are then ticks.
    cytometer
        ``$CYT``, or "".
    data_set
        Which data set of the file, from 0.
    truncated
        The file ends early and only its complete events are here.
    """

    events: EventSource = field(repr=False)
    channels: tuple[Channel, ...] = field(repr=False)
    path: Path | None = None
    name: str = ""
    version: str = ""
    keywords: Keywords = field(default_factory=lambda: Keywords({}), repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)
    spillover: Spillover | None = field(default=None, repr=False)
    acquired: Acquired = field(default_factory=Acquired, repr=False)
    volume: StatedVolume | None = field(default=None, repr=False)
    time_step: float | None = field(default=None, repr=False)
    cytometer: str = field(default="", repr=False)
    data_set: int = field(default=0, repr=False)
    truncated: bool = field(default=False, repr=False)

    @classmethod
    def from_arrays(
        cls,
        columns: Mapping[str, ArrayLike] | Sequence[ArrayLike] | NDArray[np.generic],
        channels: Sequence[Channel | str] | None = None,
        *,
        markers: Mapping[str, str] | Sequence[str] | None = None,
        spillover: Spillover | None = None,
        keywords: Mapping[str, str] | None = None,
        name: str = "",
    ) -> Sample:
        """Return a sample in memory, with the same interface as one from a file.

        Parameters
        ----------
        columns
            Data units: an array (n_events, n_channels), a sequence of one array (n_events,) per channel, or a
            mapping from channel name to such an array. Copied.
        channels
            Channels or their names; needed unless `columns` is a mapping.
        markers
            By channel name, or one per channel.

        Raises
        ------
        InvalidValueError
            Lengths or names that don't fit.
        """
        stack = columns_from(columns)
        if channels is None:
            if not isinstance(columns, Mapping):
                raise InvalidValueError("channels are missing", expected="their names, one per column")
            channels = tuple(columns)
        made = channels_from(channels, markers, stack)
        known = Keywords(keywords or {})
        return cls(
            events=MemoryEvents(stack, made),
            channels=made,
            name=name,
            keywords=known,
            spillover=spillover,
            time_step=known.number("$TIMESTEP"),
            cytometer=known.text("$CYT"),
        )

    @property
    def n_events(self) -> int:
        """Number of events."""
        return self.events.n_events

    @property
    def time_is_seconds(self) -> bool:
        """Whether values of the time channel are seconds; else they are ticks, good for their order only."""
        return self.time_step is not None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of the file's bytes, computed when it is first asked for."""
        return self.events.sha256()

    @contextmanager
    def hashed_meanwhile(self) -> Iterator[None]:
        """Compute `sha256` on a thread of its own while the body runs; afterwards it is known.

        Raises
        ------
        FCSChangedError
            At the end: the file is no longer the one whose header was read.
        """
        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(lambda: self.sha256)
            yield
            job.result()

    def index(self, name: str) -> int:
        """Return the position of the channel with this ``$PnN`` or marker.

        Raises
        ------
        PanelError
            None or several; the message lists what is there.
        """
        return find(self.channels, name).index

    def indices(self, names: Sequence[str | int] | str | None = None) -> NDArray[np.int64]:
        """Return the positions of `names` (or positions), of all channels for None.

        Raises
        ------
        PanelError
            A name that is missing or ambiguous; a position that does not exist.
        """
        if names is None:
            return np.arange(len(self.channels), dtype=np.int64)
        wanted = [names] if isinstance(names, str) else names
        found = [self.index(name) if isinstance(name, str) else int(name) for name in wanted]
        if any(not 0 <= index < len(self.channels) for index in found):
            raise PanelError(
                "there is no channel of this number",
                code="channel-missing",
                where=self.name,
                found=str(found),
                expected=f"0 to {len(self.channels) - 1}",
            )
        return np.array(found, dtype=np.int64)

    def stored(self, names: Sequence[str | int] | str | None = None) -> NDArray[np.generic]:
        """Return the masked stored values (n_events, n), in the smallest native type that holds them all."""
        result = self.events.stored(self.indices(names))
        result.flags.writeable = False
        return result

    def values(self, names: Sequence[str | int] | str | None = None) -> NDArray[np.float64]:
        """Return data units (n_events, n) as float64, each column in one piece: mask, log or gain, time step.

        NaN and infinity stay as they are.
        """
        wanted = self.indices(names)
        result = np.empty((len(wanted), self.n_events))
        block = np.empty((len(wanted), min(_BLOCK, self.n_events)))
        with self.open() as reader:
            for first in range(0, self.n_events, _BLOCK):
                count = min(_BLOCK, self.n_events - first)
                reader.read(first, count, wanted, block)
                result[:, first : first + count] = block[:, :count]
        result.flags.writeable = False
        return result.T

    def open(self, hasher: BlockHasher | None = None) -> BlockReader:
        """Return a reader of blocks; one per thread. It hands the bytes that it reads to `hasher`."""
        return self.events.open(hasher)

    def hasher(self) -> BlockHasher:
        """Return a hasher for all readers of one pass: its digest is `sha256`, of the very bytes they read."""
        return self.events.hasher()
