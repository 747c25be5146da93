"""The run as a tape: events at times that are not yet clock ticks, which can be stretched, spoiled and recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nkflow.simulate.acquire import Acquisition
from nkflow.simulate.figures import RANGE, SPEED

__all__ = ["Tape", "played", "recorded", "stretched"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tape:
    """One run before the clock's ticks are read.

    Attributes
    ----------
    at : (n_events,)
        When each event passes, s; ascending.
    signals : (n_events, 13)
        All channels but Time, in the order of `cytometer.CHANNELS`.
    codes, bad : (n_events,)
        As in `Acquisition`.
    seconds
        Length of the run.
    """

    at: Array
    signals: npt.NDArray[np.float32]
    codes: npt.NDArray[np.uint8]
    bad: npt.NDArray[np.bool_]
    seconds: float

    def within(self, begin: float, end: float) -> npt.NDArray[np.bool_]:
        """Return which events pass from `begin` to `end`."""
        return (self.at >= begin) & (self.at < end)

    def spoiled(self, begin: float, end: float) -> Tape:
        """Mark what passes from `begin` to `end` as bad."""
        return replace(self, bad=self.bad | self.within(begin, end))


def played(acquisition: Acquisition, *, rng: np.random.Generator) -> Tape:
    """Return `acquisition` with its events spread over their ticks, in the same order."""
    ticks = acquisition.events[:, -1].astype(np.float64)
    at = np.sort(ticks + rng.random(len(ticks))) * SPEED["time step s"].value
    signals = acquisition.events[:, :-1].copy()
    return Tape(at, signals, acquisition.codes, acquisition.bad, acquisition.seconds)


def recorded(tape: Tape, acquisition: Acquisition) -> Acquisition:
    """Return what the file of `tape` will hold.

    The cytometer reckons the volume from the length of the run, as if the flow had been steady.
    """
    ticks = np.floor(tape.at / SPEED["time step s"].value).astype(np.float32)
    signals = np.minimum(tape.signals, np.float32(RANGE - 1))
    return Acquisition(
        events=np.concatenate([signals, ticks[:, None]], axis=1),
        codes=tape.codes.copy(),
        bad=tape.bad.copy(),
        seconds=tape.seconds,
        volume_nl=acquisition.volume_nl * tape.seconds / acquisition.seconds,
    )


def stretched(tape: Tape, begin: float, *, seconds: float, flow: float) -> Tape:
    """Let the sample flow at `flow` times its rate for `seconds` from `begin` on; all that follows comes later.

    Nothing is lost: the run takes as much longer (or shorter) as it needs for the same volume.
    """
    since = tape.at - begin
    later = np.where(since < seconds * flow, since / flow, since + seconds * (1.0 - flow))
    return replace(
        tape, at=np.where(since < 0.0, tape.at, begin + later), seconds=tape.seconds + seconds * (1.0 - flow)
    )
