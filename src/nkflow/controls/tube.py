"""`Tube`: the events of one control as arrays, with what spoils some of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Origin
from nkflow.controls.detectors import detectors, scatter_channels
from nkflow.errors import CompensationError
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.fitness.saturation import ceiling
from nkflow.gating.origin import origin_of

__all__ = ["Source", "Tube", "tube_of"]

Source = str | os.PathLike[str] | Sample


@dataclass(frozen=True, eq=False)
class Tube:
    """One control or one unstained tube.

    Attributes
    ----------
    name
        Of the file.
    detectors
        Names of the rows of `light`.
    light : (n_detectors, n_events)
        Data units as the detectors gave them.
    scatter
        ``FSC-A``, ``FSC-H``, ``SSC-A``... -> (n_events,), those that the file has.
    saturated : (n_detectors, n_events)
        Who stands at the end of a detector's range.
    placed : (n_events,)
        Finite everywhere, and not saturated in a scatter area.
    usable : (n_events,)
        Placed, and saturated in no detector.
    origin
        Cytometer, date and voltages.
    """

    name: str
    detectors: tuple[str, ...]
    light: NDArray[np.float64] = field(repr=False)
    scatter: dict[str, NDArray[np.float64]] = field(repr=False)
    saturated: NDArray[np.bool_] = field(repr=False)
    placed: NDArray[np.bool_] = field(repr=False)
    usable: NDArray[np.bool_] = field(repr=False)
    origin: Origin = field(repr=False)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.light.shape[1])


def tube_of(source: Source, names: Sequence[str] | None = None) -> Tube:
    """Read a control from a path or a sample.

    `names` are the detectors wanted, in this order; None: those of the file.

    Raises
    ------
    CompensationError
        ``no-detectors``, ``already-compensated``, or ``other-detectors`` where the file lacks one of `names`.
    """
    sample = source if isinstance(source, Sample) else read_fcs(source)
    channels = detectors(sample)
    if names is not None:
        by_name = {channel.name: channel for channel in channels}
        missing = [name for name in names if name not in by_name]
        if missing:
            raise CompensationError(
                "the controls do not have the same detectors", code="other-detectors", where=sample.name,
                found=", ".join(by_name), expected=", ".join(names),
            )  # fmt: skip
        channels = tuple(by_name[name] for name in names)
    places = scatter_channels(sample)
    values = sample.values([channel.index for channel in channels] + list(places.values())).T
    light, scatter = values[: len(channels)], values[len(channels) :]
    tops = np.array([ceiling(channel, row) for channel, row in zip(channels, light, strict=True)])
    saturated = light >= tops[:, None]
    placed = np.isfinite(values).all(axis=0)
    for (name, place), row in zip(places.items(), scatter, strict=True):
        if name in ("FSC-A", "SSC-A"):
            placed &= row < ceiling(sample.channels[place], row)
    return Tube(
        name=sample.name,
        detectors=tuple(channel.name for channel in channels),
        light=light,
        scatter=dict(zip(places, scatter, strict=True)),
        saturated=saturated,
        placed=np.asarray(placed, dtype=np.bool_),
        usable=np.asarray(placed & ~saturated.any(axis=0), dtype=np.bool_),
        origin=origin_of(sample, channels),
    )
