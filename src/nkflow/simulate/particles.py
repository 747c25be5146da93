"""Cells, debris and beads as they are, before any detector sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nkflow.simulate.figures import (
    BACKGROUND,
    BEADS,
    DEAD,
    DETECTORS,
    NON_SPECIFIC,
    PULSE,
    SCATTER,
    VARIATION,
    VIABILITY_DYE,
)
from nkflow.simulate.labels import KINDS
from nkflow.simulate.rows import Brightness, Scatter

__all__ = ["MARKERS", "Particles", "Staining", "beads", "cells", "debris"]

Array = npt.NDArray[np.float64]
MARKERS = tuple(detector.marker for detector in DETECTORS)
_VIABILITY = MARKERS.index("7-AAD")
_OWN = np.array([detector.autofluorescence for detector in DETECTORS])
_ABSENT = Brightness(1.0, 0.0, "no antigen", share=0.0)


@dataclass(frozen=True, eq=False)
class Particles:
    """What passes the laser: n particles.

    Attributes
    ----------
    dyes
        Dye carried, (n, 8), in data units of each dye's own detector; it spills.
    own
        Light of the particle itself by detector, (n, 8), data units.
    forward, side
        Scatter areas, (n,), data units.
    width
        Pulse SD relative to a lymphocyte's, (n,).
    """

    dyes: Array
    own: Array
    forward: Array
    side: Array
    width: Array

    def __len__(self) -> int:
        return len(self.forward)

    def take(self, index: npt.NDArray[np.intp]) -> Particles:
        """Return the particles at `index`."""
        return Particles(
            self.dyes[index], self.own[index], self.forward[index], self.side[index], self.width[index]
        )


@dataclass(frozen=True, eq=False)
class Staining:
    """How one tube was stained.

    Attributes
    ----------
    kinds
        Brightness of each marker on each kind of cell.
    given
        Markers whose dye is in the tube: all of them, all but one (FMO), none (unstained).
    factors
        True over usual brightness of each marker in this tube, (8,).
    leaking_share, early_dead_share
        Shares of all cells between the two 7-AAD peaks.
    spectra
        (8, 8): what each dye of this tube is worth in the usual ones, where a tandem dye has broken down; None:
        every dye is itself.
    """

    kinds: Mapping[str, Mapping[str, Brightness]]
    given: frozenset[str]
    factors: Array
    leaking_share: float
    early_dead_share: float
    spectra: Array | None = None

    @property
    def dyes(self) -> Array:
        """Factor on each dye, (8,): zero where it was not given."""
        return self.factors * np.array([marker in self.given for marker in MARKERS], dtype=np.float64)

    def stain(self, usual: Array) -> Array:
        """Return the dye on particles (n, 8) that would carry `usual` of each marker's dye in the usual tube."""
        carried = usual * self.dyes
        return carried if self.spectra is None else carried @ self.spectra


def cells(
    live: Sequence[int], dead: Sequence[int], *, staining: Staining, rng: np.random.Generator
) -> tuple[Particles, npt.NDArray[np.uint8]]:
    """Return the cells of one tube and their codes (see `labels`): live kinds first, then dead ones."""
    numbers = np.array([*live, *dead])
    codes = np.repeat(np.arange(len(numbers), dtype=np.uint8), numbers)
    n, kind, is_dead = len(codes), codes % len(KINDS), codes >= len(KINDS)
    dyes = _stain([staining.kinds[name] for name in KINDS], kind, rng)
    dyes[is_dead] = dyes[is_dead] * DEAD["antigen left"].value + _log_normal(
        NON_SPECIFIC, (int(is_dead.sum()), 1), rng
    )
    dyes[:, _VIABILITY] = _uptake(is_dead, staining, rng)
    own = _OWN * np.exp(VARIATION["autofluorescence of a cell"].value * rng.standard_normal((n, 1)))
    own[is_dead] *= DEAD["autofluorescence"].value
    forward, side = _areas([SCATTER[name] for name in KINDS], kind, rng)
    shrunk = np.exp(DEAD["extra spread"].value * rng.standard_normal(int(is_dead.sum())))
    forward[is_dead] *= DEAD["forward"].value * shrunk
    side[is_dead] *= DEAD["side"].value * shrunk
    return Particles(staining.stain(dyes), own, forward, side, _width(forward, rng=rng)), codes


def debris(count: int, *, staining: Staining, rng: np.random.Generator) -> Particles:
    """Return `count` fragments: small, with little CD45 and some 7-AAD."""
    kind = np.zeros(count, dtype=np.uint8)
    forward, side = _areas([SCATTER["debris"]], kind, rng)
    size = forward / PULSE["lymphocyte area"].value
    dyes = _stain([staining.kinds["debris"]], kind, rng)
    dyes[:, _VIABILITY] = _log_normal(VIABILITY_DYE["debris"], (count,), rng)
    return Particles(staining.stain(dyes), _OWN * size[:, None], forward, side, _width(forward, rng=rng))


def beads(count: int, *, rng: np.random.Generator) -> Particles:
    """Return `count` counting beads: their light is their own, so staining does not change it."""
    forward, side = _areas([SCATTER["beads"]], np.zeros(count, dtype=np.uint8), rng)
    spread = BEADS["spread"].value
    common = np.exp(spread * rng.standard_normal((count, 1)))
    own = np.array([detector.bead for detector in DETECTORS]) * common
    own *= np.exp(0.5 * spread * rng.standard_normal((count, len(DETECTORS))))
    return Particles(np.zeros_like(own), own, forward, side, _width(forward, rng=rng))


def _log_normal(row: Brightness, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return draws from one row of the table."""
    return row.median * np.exp(row.spread * rng.standard_normal(shape))


def _stain(
    kinds: Sequence[Mapping[str, Brightness]], kind: npt.NDArray[np.uint8], rng: np.random.Generator
) -> Array:
    """Return the dye on cells of these kinds, (n, 8): background, and antigen where the kind has it."""
    rows = [[stains.get(marker, _ABSENT) for marker in MARKERS] for stains in kinds]
    location = np.log([[row.median for row in of] for of in rows])
    spread = np.array([[row.spread for row in of] for of in rows])
    share = np.array([[row.share for row in of] for of in rows])
    shape = (len(kind), len(MARKERS))
    antigen = np.exp(location[kind] + spread[kind] * rng.standard_normal(shape))
    antigen *= rng.random(shape) < share[kind]
    return antigen + _log_normal(BACKGROUND, shape, rng)


def _uptake(is_dead: npt.NDArray[np.bool_], staining: Staining, rng: np.random.Generator) -> Array:
    """Return the 7-AAD in each cell: two peaks, and a few of either side between them."""
    n, gone = len(is_dead), max(1, int(is_dead.sum()))
    between = rng.random(n) < np.where(
        is_dead, staining.early_dead_share * n / gone, staining.leaking_share * n / max(1, n - gone)
    )
    names = ("live", "leaking", "dead", "early dead")
    state = 2 * is_dead.astype(np.intp) + between
    location = np.log([VIABILITY_DYE[name].median for name in names])
    spread = np.array([VIABILITY_DYE[name].spread for name in names])
    return np.exp(location[state] + spread[state] * rng.standard_normal(n))


def _areas(
    rows: Sequence[Scatter], kind: npt.NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return forward and side scatter areas, (n,) each."""
    table = np.array([(row.forward, row.forward_spread, row.side, row.side_spread) for row in rows])[kind]
    noise = rng.standard_normal((2, len(kind)))
    return table[:, 0] * np.exp(table[:, 1] * noise[0]), table[:, 2] * np.exp(table[:, 3] * noise[1])


def _width(forward: Array, *, rng: np.random.Generator) -> Array:
    """Return the relative pulse width that goes with a forward scatter area."""
    relative = (forward / PULSE["lymphocyte area"].value) ** PULSE["width with size"].value
    return relative * np.exp(PULSE["width spread"].value * rng.standard_normal(len(forward)))
