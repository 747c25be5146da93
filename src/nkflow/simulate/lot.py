"""A whole lot with known truth: product, bench, tubes and the lot document that goes with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nkflow.compensation import Spillover
from nkflow.counting.inputs import Counting
from nkflow.dose.lot import Lot
from nkflow.dose.product import Product
from nkflow.errors import InvalidValueError
from nkflow.simulate.acquire import acquire
from nkflow.simulate.bench import Bench, Stained, prepare
from nkflow.simulate.control_tubes import beads_alone, process_control
from nkflow.simulate.faults import FAULTS, spoil
from nkflow.simulate.faults_clock import without_clock
from nkflow.simulate.figures import HARD, PRODUCT, SPEED, STAINING, VARIATION
from nkflow.simulate.lot_document import COUNTED_AT, lot_document
from nkflow.simulate.particles import MARKERS, Staining
from nkflow.simulate.product import TrueProduct, draw_product
from nkflow.simulate.spectra import true_spillover
from nkflow.simulate.stains import Carrier, simulate_controls
from nkflow.simulate.tubes import Plan, SimulatedTube, tube_of
from nkflow.simulate.writing import write_lot

__all__ = ["DIFFICULTIES", "FAULTS", "Difficulty", "SimulatedLot", "simulate_lot"]

Difficulty = Literal["ordinary", "hard"]
DIFFICULTIES: tuple[Difficulty, ...] = ("ordinary", "hard")

_PLANS = (
    Plan("A", "sample", beads=True),
    Plan("B", "sample", beads=True),
    Plan("C", "sample", beads=True),
    Plan("FMO-CD3", "fmo", "CD3"),
    Plan("FMO-CD56", "fmo", "CD56"),
    Plan("unstained", "unstained"),
    Plan("bead-only", "bead-only", beads=True),
    Plan("process-control", "process-control", beads=True),
)
_CONTROL_SHARE = 0.5
_STAINED = dt.timedelta(minutes=30)  # from drawing the sample to the first tube
_CHANGE = dt.timedelta(minutes=2)  # from the end of one tube to the next


@dataclass(frozen=True, eq=False)
class SimulatedLot:
    """A lot and its truth.

    Attributes
    ----------
    tubes
        The sample tubes, in the order of the lot document.
    controls
        The other tubes; with single stains, these and their unstained tubes come last.
    lot
        The lot document; file names are relative to the folder it will be written to.
    spillover
        The true matrix.
    truth
        What is true of the lot, as plain values: ``per_ml``, ``viability`` (0 to 1, of CD45+),
        ``doublet_share``, ``dilution_factor``, ``beads_per_ul``, and events by label under ``tubes``.
    """

    tubes: tuple[SimulatedTube, ...]
    controls: tuple[SimulatedTube, ...]
    lot: Lot
    truth: Mapping[str, Any]
    spillover: Spillover = field(default_factory=true_spillover, repr=False)

    @property
    def true_per_ml(self) -> Mapping[str, float]:
        """Cells per mL of undiluted product by population, cells in doublets included.

        A population's name stands for live cells; dead ones are under ``dead`` and ``dead NK``, ...
        """
        per_ml: dict[str, float] = self.truth["per_ml"]
        return MappingProxyType(per_ml)

    @property
    def counting(self) -> Counting:
        """The counting inputs of the lot document."""
        return self.lot.counting

    @property
    def product(self) -> Product:
        """The product section of the lot document."""
        return self.lot.product

    def write(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write the FCS files, ``lot.yaml`` and ``truth.json`` as `folder`, all or none, and return it.

        Raises
        ------
        OutputError
            `folder` exists and `force` is not set.
        """
        return write_lot(Path(folder), self, force=force)


def simulate_lot(
    seed: int,
    difficulty: Difficulty = "ordinary",
    *,
    faults: Collection[str] = (),
    events: int = 50_000,
    single_stains: Carrier | None = None,
) -> SimulatedLot:
    """Return a lot with known truth; the same arguments give the same bytes (on one version of numpy).

    Parameters
    ----------
    seed
        Not negative.
    difficulty
        ``ordinary``, or ``hard``: the CD56 of NKT-like cells smears into T.
    faults
        What goes wrong in every sample tube: any of `FAULTS` (a hyphen or a space does for ``_``), each at a place
        and of a size drawn for the tube.
    events
        About how many events a sample tube has; a control tube has half as many, that with beads
        alone as many beads as a sample tube.
    single_stains
        ``cells`` or ``beads``: add compensation controls, see `nkflow.simulate.stains`. They go into a folder
        of their own; the other tubes stay as they are, byte for byte.

    Raises
    ------
    InvalidValueError
        An unknown difficulty or fault, a negative seed, fewer than 100 events.
    """
    faults = {fault.replace("-", "_").replace(" ", "_") for fault in faults}
    _check(seed, difficulty, faults=faults, events=events)
    seeds = np.random.SeedSequence(seed).spawn(3 + len(_PLANS))
    of_product, of_bench, of_staining = map(np.random.default_rng, seeds[:3])
    product = draw_product(rng=of_product)
    bench = prepare(product, events=events, rng=of_bench)
    lot = lot_document(
        f"SIM-{difficulty}-{seed}",
        _PLANS,
        bench=bench,
        bag_ml=round(PRODUCT["bag mL"].draw(of_product), 1),
        recipient_kg=round(PRODUCT["recipient kg"].draw(of_product), 1),
    )
    staining = _staining(product, difficulty, rng=of_staining)
    spoiled = tuple(sorted(set(faults)))
    plans = [replace(plan, faults=spoiled) if plan.role == "sample" else plan for plan in _PLANS]
    tubes = [
        _tube(plan, bench, staining=staining, lot=lot.lot, number=number, seed=seeds[3 + number])
        for number, plan in enumerate(plans)
    ]
    stains = () if single_stains is None else simulate_controls(seed, single_stains, events=events // 2).tubes
    truth = {"schema": "nkflow.truth", "version": 1, "seed": seed, "difficulty": difficulty, "events": events}
    return SimulatedLot(
        tubes=tuple(tube for tube in tubes if tube.role == "sample"),
        controls=(*(tube for tube in tubes if tube.role != "sample"), *stains),
        lot=lot,
        truth=truth | {"faults": sorted(faults)} | _truth(product, bench, tubes),
    )


def _check(seed: int, difficulty: str, *, faults: Collection[str], events: int) -> None:
    """Refuse arguments that mean nothing."""
    if difficulty not in DIFFICULTIES:
        raise InvalidValueError(
            "no such difficulty",
            where="difficulty",
            found=repr(difficulty),
            expected=" or ".join(DIFFICULTIES),
        )
    unknown = sorted(set(faults) - set(FAULTS))
    if unknown:
        raise InvalidValueError(
            "no such fault",
            where="faults",
            found=", ".join(map(repr, unknown)),
            expected=", ".join(FAULTS),
        )
    if seed < 0:
        raise InvalidValueError("a seed is not negative", where="seed", found=str(seed), expected="0 or more")
    if events < 100:
        raise InvalidValueError(
            "too few events for a tube", where="events", found=str(events), expected="100 or more"
        )


def _staining(product: TrueProduct, difficulty: Difficulty, *, rng: np.random.Generator) -> Staining:
    """Return how the tubes of a lot are stained, all markers given."""
    changes = HARD if difficulty == "hard" else {}
    return Staining(
        kinds={kind: {**stains, **changes.get(kind, {})} for kind, stains in STAINING.items()},
        given=frozenset(MARKERS),
        factors=_factors("staining of a lot", rng),
        leaking_share=product.leaking_share,
        early_dead_share=product.early_dead_share,
    )


def _tube(
    plan: Plan, bench: Bench, *, staining: Staining, lot: str, number: int, seed: np.random.SeedSequence
) -> SimulatedTube:
    """Return one tube: pipetted, stained and acquired, each from a stream of its own."""
    at_bench, in_staining, in_cytometer = seed.spawn(3)
    stained = _stained(plan, bench, rng=np.random.default_rng(at_bench))
    factors = staining.factors * _factors("staining of a tube", np.random.default_rng(in_staining))
    acquisition = acquire(
        stained,
        replace(staining, given=plan.given, factors=factors),
        doublet_share=bench.product.doublet_share,
        seed=in_cytometer,
    )
    if plan.faults:
        acquisition = spoil(acquisition, plan.faults, seed=seed.spawn(1)[0])
    longest = dt.timedelta(seconds=round(bench.acquired_ul / SPEED["uL per s"].value))
    begin = COUNTED_AT + _STAINED + number * (longest + _CHANGE)
    tube = tube_of(plan, acquisition, lot=lot, begin=begin)
    return replace(tube, sample=without_clock(tube.sample)) if "missing_time" in plan.faults else tube


def _stained(plan: Plan, bench: Bench, *, rng: np.random.Generator) -> Stained:
    """Return what is in one tube of a lot."""
    match plan.role:
        case "bead-only":
            return beads_alone(bench, rng=rng)
        case "process-control":
            return process_control(bench, share=_CONTROL_SHARE, rng=rng)
        case _:
            share = 1.0 if plan.role == "sample" else _CONTROL_SHARE
            return bench.stain(beads=plan.beads, share=share, rng=rng)


def _factors(name: str, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return true over usual brightness of each marker, (8,)."""
    return np.exp(VARIATION[name].value * rng.standard_normal(len(MARKERS)))


def _truth(product: TrueProduct, bench: Bench, tubes: Sequence[SimulatedTube]) -> dict[str, Any]:
    """Return the truth as plain values."""
    return {
        "per_ml": product.per_ml(),
        "viability": product.viability,
        "doublet_share": product.doublet_share,
        "dilution_factor": bench.dilution,
        "beads_per_ul": bench.beads_per_ul,
        "tubes": {tube.id: dict(tube.truth_counts) for tube in tubes},
    }
