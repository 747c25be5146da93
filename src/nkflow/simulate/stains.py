"""Compensation controls with known spillover: single stains on cells or capture beads, heat-killed 7-AAD, unstained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nkflow.compensation import Spillover
from nkflow.errors import InvalidValueError
from nkflow.fcs.sample import Sample
from nkflow.simulate.acquire import Acquisition, acquire
from nkflow.simulate.bench import Stained
from nkflow.simulate.capture import acquire_beads
from nkflow.simulate.figures import DETECTORS, RANGE, STAINING, VARIATION
from nkflow.simulate.labels import KINDS
from nkflow.simulate.particles import MARKERS, Staining
from nkflow.simulate.spectra import true_spillover, worth
from nkflow.simulate.stains_figures import CONTROL_CELLS, FAULT, KILLED
from nkflow.simulate.tubes import Plan, SimulatedTube, tube_of

__all__ = ["Carrier", "SimulatedControls", "StainFault", "simulate_controls"]

Carrier = Literal["cells", "beads"]
VIABILITY = "7-AAD"
FOLDER = "compensation"
_BEGIN = dt.datetime(2026, 3, 17, 8, 0)
_OF = {detector.marker: detector.name for detector in DETECTORS}


@dataclass(frozen=True)
class StainFault:
    """One thing wrong with the control of `marker`.

    ``dim``, ``saturated``; ``swapped`` with the control of `other`; ``mislabelled`` or ``duplicated``: the tube
    is really, or is a copy of, the control of `other`.
    """

    kind: Literal["dim", "saturated", "swapped", "mislabelled", "duplicated"]
    marker: str
    other: str = ""


@dataclass(frozen=True, eq=False)
class SimulatedControls:
    """A set of compensation controls and its truth.

    Attributes
    ----------
    stains
        Detector -> the tube that is given as its control.
    unstained
        The unstained tubes: of cells, and of heat-killed cells.
    spillover
        The true matrix.
    """

    stains: Mapping[str, SimulatedTube]
    unstained: tuple[SimulatedTube, ...]
    spillover: Spillover

    @property
    def tubes(self) -> tuple[SimulatedTube, ...]:
        """All of them."""
        return (*self.stains.values(), *self.unstained)

    @property
    def controls(self) -> dict[str, Sample]:
        """Detector -> sample, as `spillover_from_controls` takes them."""
        return {name: tube.sample for name, tube in self.stains.items()}

    @property
    def negatives(self) -> tuple[Sample, ...]:
        """The unstained samples."""
        return tuple(tube.sample for tube in self.unstained)


def simulate_controls(
    seed: int,
    carrier: Carrier = "cells",
    *,
    events: int = 30_000,
    faults: Collection[StainFault] = (),
    spillover: Spillover | None = None,
) -> SimulatedControls:
    """Return single stains of all eight dyes and two unstained tubes; the same arguments give the same bytes.

    Parameters
    ----------
    seed
        Not negative.
    carrier
        ``cells`` of blood, or ``beads`` that capture antibody, half of them without (7-AAD is on cells anyway).
        The 7-AAD control is heat-killed, and has a heat-killed unstained tube.
    events
        About how many events each tube has.
    faults
        What is wrong with which control.
    spillover
        The true matrix; None: the simulated cytometer's own. See `nkflow.simulate.spectra`.

    Raises
    ------
    InvalidValueError
        A negative seed, or a fault of an unknown marker.
    """
    truth = spillover or true_spillover()
    _check(seed, faults)
    streams = np.random.SeedSequence([seed, 0x57A1]).spawn(len(MARKERS) + 3)
    factors = np.exp(
        VARIATION["staining of a lot"].value * np.random.default_rng(streams[0]).standard_normal(len(MARKERS))
    )
    usual = Staining(
        kinds=STAINING, given=frozenset(), factors=factors, leaking_share=0.0, early_dead_share=0.0,
        spectra=worth(truth),
    )  # fmt: skip
    stains = {
        marker: _stain(
            marker, carrier, usual=_faulty(usual, marker, carrier, faults), events=events, seed=stream
        )
        for marker, stream in zip(MARKERS, streams[1:], strict=False)
    }
    negatives = tuple(
        _tube(
            Plan(name, "unstained", folder=FOLDER), _cells(events, killed=killed), staining=usual, seed=stream
        )
        for name, killed, stream in (
            ("Unstained", False, streams[-2]),
            ("Unstained heat-killed", True, streams[-1]),
        )
    )
    return SimulatedControls(_given(stains, faults), negatives, truth)


def _check(seed: int, faults: Collection[StainFault]) -> None:
    if seed < 0:
        raise InvalidValueError("a seed is not negative", where="seed", found=str(seed), expected="0 or more")
    unknown = {
        name for fault in faults for name in (fault.marker, fault.other) if name and name not in MARKERS
    }
    if unknown:
        raise InvalidValueError(
            "no such marker", where="faults", found=", ".join(sorted(unknown)), expected=", ".join(MARKERS)
        )


def _faulty(usual: Staining, marker: str, carrier: Carrier, faults: Collection[StainFault]) -> Staining:
    """Return the staining of one control: its own dye only, dimmer or brighter where a fault says so."""
    factors = usual.factors.copy()
    for fault in faults:
        if fault.marker == marker and fault.kind in ("dim", "saturated"):
            on_beads = carrier == "beads" and fault.kind == "dim" and marker != VIABILITY
            factors[MARKERS.index(marker)] *= FAULT[f"{fault.kind} factor{' of beads' * on_beads}"].value
    return replace(usual, given=frozenset({marker}), factors=factors)


def _stain(
    marker: str, carrier: Carrier, *, usual: Staining, events: int, seed: np.random.SeedSequence
) -> SimulatedTube:
    plan = Plan(f"{_OF[marker].removesuffix('-A')} {marker}", "single-stain", marker, folder=FOLDER)
    if carrier == "beads" and marker != VIABILITY:
        acquisition = acquire_beads(events, usual, seed=seed)
        return _of(plan, acquisition)
    return _tube(plan, _cells(events, killed=marker == VIABILITY), staining=usual, seed=seed)


def _cells(events: int, *, killed: bool) -> Stained:
    """Return what is in one tube of control cells."""
    share = KILLED["dead share after heat" if killed else "dead share of control cells"].value
    count = events / (1.0 + KILLED["debris per cell"].value)
    numbers = np.array([CONTROL_CELLS[kind].value for kind in KINDS]) * count
    return Stained(
        live=tuple(int(n) for n in np.rint(numbers * (1.0 - share))),
        dead=tuple(int(n) for n in np.rint(numbers * share)),
        beads=0,
        debris=round(count * KILLED["debris per cell"].value),
        acquired_ul=100.0,
    )


def _tube(plan: Plan, stained: Stained, *, staining: Staining, seed: np.random.SeedSequence) -> SimulatedTube:
    share = KILLED["doublet share"].value
    return _of(plan, acquire(stained, staining, doublet_share=share, seed=seed))


def _of(plan: Plan, acquisition: Acquisition) -> SimulatedTube:
    """Return the tube of one acquisition; what exceeds the range stands at its end, as in any tube."""
    assert float(acquisition.events[:, :-1].max()) < RANGE  # the cytometer saw to it
    tube = tube_of(plan, acquisition, lot="COMPENSATION", begin=_BEGIN)
    return replace(tube, sample=replace(tube.sample, spillover=None))


def _given(stains: Mapping[str, SimulatedTube], faults: Collection[StainFault]) -> dict[str, SimulatedTube]:
    """Return detector -> tube, with the tubes that stand in the wrong place."""
    given = {_OF[marker]: tube for marker, tube in stains.items()}
    for fault in faults:
        mine, other = _OF[fault.marker], _OF.get(fault.other, "")
        match fault.kind:
            case "swapped":
                given[mine], given[other] = stains[fault.other], stains[fault.marker]
            case "mislabelled" | "duplicated":
                given[mine] = _renamed(stains[fault.other], stains[fault.marker].sample.name)
            case "dim" | "saturated":
                pass
    return given


def _renamed(tube: SimulatedTube, name: str) -> SimulatedTube:
    return replace(tube, sample=replace(tube.sample, name=name))
