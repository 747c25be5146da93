"""One simulated tube: its sample, and what is true of every event in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

from nkflow.compensation import Spillover
from nkflow.fcs.acquired import Acquired
from nkflow.fcs.channels import Channel, feature_of, kind_of
from nkflow.fcs.sample import Sample
from nkflow.fcs.volume import StatedVolume
from nkflow.simulate.acquire import Acquisition
from nkflow.simulate.cytometer import CHANNELS
from nkflow.simulate.figures import CYTOMETER, DETECTORS, RANGE, SCATTER_CHANNELS, SERIAL, SPEED, SPILLOVER
from nkflow.simulate.labels import codes_of, counts
from nkflow.simulate.particles import MARKERS

__all__ = ["Plan", "Role", "SimulatedTube", "tube_of"]

Role = Literal["sample", "fmo", "unstained", "single-stain", "bead-only", "process-control"]
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True)
class Plan:
    """What one tube of a lot is for.

    Attributes
    ----------
    id, role
        Its name in the lot, and its role there.
    marker
        Of an FMO the marker left out; of a single stain the only one given.
    beads
        Whether counting beads were added.
    faults
        What goes wrong while it is acquired; see `nkflow.simulate.faults`.
    folder
        Where its file goes in the folder of the lot.
    """

    id: str
    role: Role
    marker: str | None = None
    beads: bool = False
    faults: tuple[str, ...] = ()
    folder: str = ""

    @property
    def given(self) -> frozenset[str]:
        """Markers whose dye is in the tube."""
        only = frozenset({self.marker or ""}) & frozenset(MARKERS)
        match self.role:
            case "unstained" | "bead-only":
                return frozenset()
            case "single-stain":
                return only
            case "sample" | "fmo" | "process-control":
                return frozenset(MARKERS) - only


@dataclass(frozen=True, eq=False)
class SimulatedTube:
    """A sample together with its truth.

    Attributes
    ----------
    plan
        What the tube is for.
    sample
        What a reader of its file would see.
    codes
        What each event is (see `labels`), (n_events,) uint8, read-only.
    truth_bad
        Events recorded while a fault was at work, (n_events,) bool, read-only.
    """

    plan: Plan
    sample: Sample
    codes: npt.NDArray[np.uint8]
    truth_bad: npt.NDArray[np.bool_]

    @property
    def id(self) -> str:
        """Name of the tube in its lot."""
        return self.plan.id

    @property
    def role(self) -> Role:
        """What the tube is for."""
        return self.plan.role

    @property
    def marker(self) -> str | None:
        """Of an FMO the marker left out."""
        return self.plan.marker

    @cached_property
    def truth_counts(self) -> Mapping[str, int]:
        """Events by label; a population's name stands for live single cells."""
        return MappingProxyType(counts(self.codes))

    def truth_mask(self, label: str) -> npt.NDArray[np.bool_]:
        """Return which events have this label, (n_events,); labels are the keys of `truth_counts`.

        Raises
        ------
        InvalidValueError
            Where there is no such label.
        """
        return np.isin(self.codes, codes_of(label))


def tube_of(plan: Plan, acquisition: Acquisition, *, lot: str, begin: dt.datetime) -> SimulatedTube:
    """Return the tube of one acquisition, with the keywords that the simulated cytometer writes."""
    end = begin + dt.timedelta(seconds=acquisition.seconds)
    # data units of Time are seconds; every other value is exact in the file's float32
    ticks = acquisition.events[:, -1].astype(np.float64)
    columns = [*acquisition.events.T[:-1], ticks * SPEED["time step s"].value]
    sample = Sample.from_arrays(
        columns,
        _channels(),
        spillover=Spillover(tuple(d.name for d in DETECTORS), np.array(SPILLOVER), source="$SPILLOVER"),
        keywords=_keywords(plan, acquisition, lot, (begin, end)),
        name=f"{plan.id}.fcs",
    )
    known = replace(sample, acquired=Acquired(begin, end), volume=StatedVolume(acquisition.volume_nl))
    return SimulatedTube(plan, known, acquisition.codes, acquisition.bad)


def _channels() -> list[Channel]:
    markers = {detector.name: detector.marker for detector in DETECTORS}
    return [
        Channel(
            index,
            name,
            markers.get(name, ""),
            range=RANGE,
            kind=kind_of(name),
            feature=feature_of(name),
            original_name=name,
        )
        for index, name in enumerate(CHANNELS)
    ]


def _keywords(
    plan: Plan, acquisition: Acquisition, lot: str, times: tuple[dt.datetime, dt.datetime]
) -> dict[str, str]:
    begin, end = times
    voltages = {**SCATTER_CHANNELS, **{detector.name: detector.voltage for detector in DETECTORS}}
    return {
        "$CYT": CYTOMETER,
        "$CYTSN": SERIAL,
        "$FIL": f"{plan.id}.fcs",
        "$SMNO": lot,
        "TUBE NAME": plan.id,
        "$DATE": f"{begin.day:02d}-{_MONTHS[begin.month - 1]}-{begin.year}",
        "$BTIM": _clock(begin),
        "$ETIM": _clock(end),
        "$TIMESTEP": f"{SPEED['time step s'].value:g}",
        "$VOL": f"{acquisition.volume_nl:.0f}",
        **{f"$P{n}V": str(voltages[name]) for n, name in enumerate(CHANNELS, 1) if name in voltages},
    }


def _clock(when: dt.datetime) -> str:
    """Return a time of day as FCS 3.1 writes it, hh:mm:ss.cc."""
    return f"{when:%H:%M:%S}.{when.microsecond // 10_000:02d}"
