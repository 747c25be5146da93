"""Propagation of distributions (JCGM 101) through the counting formula, as a check of the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nkflow.counting.budget import Budget
from nkflow.counting.concentration import Concentration

if TYPE_CHECKING:
    from nkflow.counting.composition import Composition

__all__ = ["QUANTILES", "Simulated", "simulate_concentrations"]

QUANTILES: tuple[float, ...] = (0.025, 0.5, 0.95, 0.975)


@dataclass(frozen=True)
class Simulated:
    """Mean, relative standard deviation and quantiles (`QUANTILES`) of a simulated concentration, per µL."""

    population: str
    trials: int
    seed: int
    mean: float
    rel_sd: float
    quantiles: tuple[float, ...]
    u_rel: float | None

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain values, beside the law of propagation's."""
        return {
            "trials": self.trials,
            "seed": self.seed,
            "mean": self.mean,
            "rel_sd": self.rel_sd,
            "u_rel_of_budget": self.u_rel,
            "quantiles": {f"{100 * q:g} %": v for q, v in zip(QUANTILES, self.quantiles, strict=True)},
        }


def simulate_concentrations(
    composition: Composition, populations: Sequence[str], *, trials: int, seed: int
) -> dict[str, Simulated]:
    """Draw `trials` values of each population's concentration.

    Counts are Gamma(N + ½) scaled to variance φ (Jeffreys' posterior of a Poisson mean); every other source
    is normal around 1 and enters the formula itself: volumes that divide, divide, and a dilution step is
    (V1+V2)/V1 of two drawn volumes. All populations share the factors, as they share them in the tubes, but
    not the gates.

    Returns
    -------
    dict
        By population; those that were not counted are left out.
    """
    rng = np.random.Generator(np.random.SFC64(seed))
    drawn = np.empty(trials)
    factor = _factor(composition, rng, drawn=drawn)
    answer: dict[str, Simulated] = {}
    for population in populations:
        amount = composition.concentration(population)
        if not isinstance(amount, Concentration):
            continue
        values = rng.standard_gamma((amount.events + 0.5) / amount.phi, trials)
        if composition.scale.method == "dual_platform":
            rest = composition.scale.denominator - amount.events
            others = rng.standard_gamma(rest + 0.5, out=drawn)
            values *= composition.scale.denominator / (amount.phi * values + others)
        values *= amount.phi * amount.per_event
        values *= factor
        gates = [term.u for term in amount.budget.terms if term.kind == "gate"]
        if gates:
            moved = np.ones(trials)
            for u in gates:
                moved += _scattered(rng, u, drawn) - 1
            values *= moved
        mean = float(values.mean())
        spread = float(values.std(ddof=1)) / mean
        quantiles = tuple(float(value) for value in np.quantile(values, QUANTILES))
        answer[population] = Simulated(population, trials, seed, mean, spread, quantiles, amount.u_rel)
    return answer


def _scattered(rng: np.random.Generator, u: float, drawn: np.ndarray) -> np.ndarray:
    """Fill `drawn`, (trials,), with a normal factor around 1; fresh memory would cost as much as the draws."""
    rng.standard_normal(out=drawn)
    drawn *= u
    drawn += 1
    return drawn


def _factor(composition: Composition, rng: np.random.Generator, *, drawn: np.ndarray) -> np.ndarray:
    """Draw the product of everything but cells and gates, around 1; `drawn`, (trials,), is room to work in."""
    counting, scale = composition.counting, composition.scale
    factor = np.ones(drawn.size)
    kinds = {term.source: term.kind for term in scale.terms}
    for source, u in Budget(scale.terms).by_source().items():
        if kinds[source] == "beads":
            factor *= scale.denominator
            factor /= rng.standard_gamma(scale.denominator + 0.5, out=drawn)
        elif kinds[source] != "dilution" and u < 0:
            factor /= _scattered(rng, -u, drawn)
        elif kinds[source] != "dilution" and u > 0:
            factor *= _scattered(rng, u, drawn)
    for step in counting.dilutions if scale.method != "dual_platform" else ():
        share = step.diluent_ul / (step.sample_ul + step.diluent_ul)
        ratio = share * _scattered(rng, step.u_diluent, drawn)
        ratio /= _scattered(rng, step.u_sample, drawn)
        ratio += 1 - share
        factor *= ratio
    for term in getattr(composition.doublets, "terms", ()):
        factor *= _scattered(rng, term.u, drawn)
    return factor
