"""A composition as plain JSON values in the words of the glossary: no NaN, nothing rounded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nkflow.counting.absolute import beads_added, dilution_factor, dilution_uncertainty
from nkflow.counting.crosscheck import bead_doublets, bead_recovery, other_methods
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.homogeneity import ratio_homogeneity
from nkflow.counting.populations import RATIOS, REPORTED

if TYPE_CHECKING:
    from nkflow.counting.composition import Composition

__all__ = ["composition_dict"]


def composition_dict(composition: Composition) -> dict[str, Any]:
    """Return pooled counts, tubes, frequencies, concentrations, replicates and cross-checks."""
    doublets = bead_doublets(composition)
    return {
        "measurement": composition.measurement,
        "pooled": dict(composition.pooled),
        "tubes": [{"tube": tube.tube, "counts": dict(tube.counts)} for tube in composition.tubes],
        "counting": _counting(composition),
        "frequencies": {
            f"{name} of {of}": composition.frequency(name, of).as_dict() for name, of in REPORTED
        },
        "concentrations": {
            name: composition.concentration(name).as_dict() for name in composition.populations
        },
        "ratios": {f"{one} to {other}": composition.ratio(one, other).as_dict() for one, other in RATIOS},
        "replicates": {name: _replicates(composition, name) for name in composition.populations},
        "ladder": {
            name: composition.ladder(name).as_dict()
            for name in (composition.rules.rare if composition.rules else ())
        },
        "excluded_doublets": composition.doublets.as_dict(),
        "bead_doublets": doublets.as_dict() if isinstance(doublets, NotEvaluable) else {"fraction": doublets},
        "bead_recovery": bead_recovery(composition).as_dict(),
        "cross_checks": _cross_checks(composition),
    }


def _counting(composition: Composition) -> dict[str, Any]:
    """Return the constants that turn counts into cells per µL."""
    counting, scale = composition.counting, composition.scale
    steps = [dilution_uncertainty(step) for step in counting.dilutions]
    return {
        "method": scale.method,
        "formula": scale.formula,
        "dilution_factor": dilution_factor(counting.dilutions),
        "beads_per_tube": beads_added(counting),
        "cells_per_ul_per_ratio": scale.factor,
        "cells_per_ul_per_event": scale.per_event,
        "u_dilution_steps": steps,
        "u_dilution": math.hypot(*steps) if steps else 0.0,
        "inputs": counting.model_dump(mode="json"),
    }


def _replicates(composition: Composition, population: str) -> dict[str, Any]:
    """Return each tube's concentration beside mean, largest deviation and the test of the cell:bead ratio."""
    counts = composition.counts_of(population)
    values = composition.scale.by_tube(counts)
    tests: dict[str, Any] = {}
    if composition.scale.method in ("beads", "bead_tube"):
        tests = {"ratio_to_beads": ratio_homogeneity(counts, composition.scale.denominators).as_dict()}
    return {
        "per_ul": {tube.tube: value for tube, value in zip(composition.tubes, values, strict=True)},
        "mean_of_tubes": math.fsum(values) / len(values),
        "max_deviation_pct": composition.max_deviation_pct(population),
    } | tests


def _cross_checks(composition: Composition) -> dict[str, Any]:
    """Return the concentrations of every population by every other method that has data."""
    answer: dict[str, Any] = {}
    for method, scale in other_methods(composition).items():
        if isinstance(scale, NotEvaluable):
            answer[method] = scale.as_dict()
            continue
        factor, names = composition.doublet_factor(method), composition.populations
        answer[method] = {
            "formula": scale.formula + (f" x {factor:.6g} for excluded doublets" if factor != 1 else ""),
            "per_ul": {name: factor * scale.per_ul(composition.pooled[name]) for name in names},
            "by_tube": {
                name: [factor * value for value in scale.by_tube(composition.counts_of(name))]
                for name in names
            },
        }
    return answer
