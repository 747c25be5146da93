"""The worked example's inputs as our lot and protocol; nothing here knows the expected answers.

The example is ``../shared/worked_example.json``; the environment variable NKFLOW_WORKED_EXAMPLE names another of
the same layout.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

EXAMPLE = Path(
    os.environ.get("NKFLOW_WORKED_EXAMPLE", Path(__file__).parents[3] / "shared" / "worked_example.json")
)

POPULATION = {
    "beads": "beads",
    "cd45_live": "viable",
    "cd45_dead": "dead",
    "NK": "NK",
    "NKT": "NKT-like",
    "T": "T",
    "B": "B",
    "mono": "monocytes",
    "other": "other",
    "CD56": "CD56+",
    "CD3tot": "CD3+",
    "cd45": "CD45+",
}
"""The example's words and ours."""

SOURCE = "worked example"


def lot(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the lot document of the example's inputs."""
    tubes = []
    for index in range(len(inputs["tubes"]["beads"])):
        counts = {POPULATION[name]: counted[index] for name, counted in inputs["tubes"].items()}
        acquired = float(inputs["V_acquired_uL"][index])
        tube = {"id": "ABCDEFGHIJ"[index], "role": "sample", "counts": counts, "acquired_volume_ul": acquired}
        tubes.append(tube)
    return {
        "nkflow": "lot/1",
        "lot": "EXAMPLE",
        "protocol": "protocol.yaml",
        "product": {
            "donor": "D-1",
            "state": "thawed",
            "bag_volume_ml": float(inputs["V_bag_mL"]),
            "qc_volume_ml": float(inputs["V_qc_mL"]),
            "dead_volume_ml": float(inputs["V_dead_mL"]),
            "counted_at": "2026-03-17T10:30:00Z",
            "expires_at": "2026-03-17T16:00:00Z",
            "pre_freeze_viable_cells": float(inputs["pre_freeze_viable_CD56"]),
            "apheresis_t_cells": float(inputs["apheresis_T"]),
        },
        "recipient": {
            "patient": "P-1",
            "mass_kg": float(inputs["weight_kg"]),
            "mass_basis": "actual",
            "mass_measured_on": "2026-03-16",
        },
        "dose": {"number": 1, "infusion_at": "2026-03-17T12:00:00Z", "infusion_h": 0.5},
        "tubes": tubes,
        "counting": _counting(inputs),
        "external": {"endotoxin_eu_per_ml": float(inputs["endotoxin_EU_per_mL"])},
    }


def _counting(inputs: dict[str, Any]) -> dict[str, Any]:
    steps = zip(inputs["dilutions_uL"], inputs["u_dilutions"], strict=True)
    return {
        "method": "beads",
        "beads": {
            "lot": "B-1",
            "expires_on": "2027-01-31",
            "concentration_per_ul": float(inputs["bead_conc_per_uL"]),
            "u_rel": inputs["u_bead_conc"],
        },
        "bead_volume_ul": {"value": float(inputs["V_bead_uL"]), "u_repeatability": inputs["u_V_bead"]},
        "sample_volume_ul": {"value": float(inputs["V_sample_uL"]), "u_repeatability": inputs["u_V_sample"]},
        "tube_volume_ul": float(inputs["V_tube_uL"]),
        "dilutions": [
            {"sample_ul": float(v1), "diluent_ul": float(v2), "u_sample": u1, "u_diluent": u2}
            for (v1, v2), (u1, u2) in steps
        ],
        "analyser": {"wbc_per_ul": float(inputs["WBC_per_uL"])},
    }


def protocol(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the protocol document of the example's inputs and of its printed rules."""
    rare = {
        "lob": {"events": float(inputs["LoB_events"])},
        "lod_events": 20.0,
        "lloq_events": float(inputs["LLOQ_events"]),
    }
    judged = ("viable", "NK", "NKT-like", "CD56+", "T", "CD3+", "B", "monocytes")
    doses = enumerate(inputs["doses_per_kg"], start=1)
    return {
        "nkflow": "protocol/1",
        "name": "worked_example",
        "version": "1.0",
        "title": "The worked example",
        "doses": [{"number": n, "day": 5 * (n - 1), "per_kg": float(dose)} for n, dose in doses],
        "day_tolerance": 1,
        "definitions": {
            "dosed_population": "CD56+",
            "viable": "7-AAD-negative",
            "residual_t": "T",
            "purity_denominator": "viable",
            "weight_basis": "actual",
        },
        "mass": {"low_kg": 3.0, "high_kg": 150.0, "valid_days": 7, "max_change_pct": 10.0},
        "volume": {"step_ml": float(10 ** -inputs["volume_decimals"])},
        "dose_window": {
            "low_pct": -10.0,
            "high_pct": 10.0,
            "decimals": 0,
            "rule": "simple",
            "source": SOURCE,
        },
        "confidence": 0.95,
        "counting": {
            "methods": ["beads"],
            "overdispersion": {"source": SOURCE, "test_level": 0.05, "phi0": dict.fromkeys(judged, 1.0)},
            "replicates": {
                "minimum": 2,
                "most": 3,
                "max_deviation_pct": 10.0,
                "when_exceeded": "another_tube",
            },
            "beads": {"minimum_events": 1000, "recovery": [0.9, 1.1]},
            "excluded_doublets": {"policy": "none"},
            "rare": dict.fromkeys(("T", "B", "monocytes"), rare),
            "gating": {
                "purity_sd_points": inputs["u_gate_pp"],
                "viability_sd_points": 0.0,
                "source": SOURCE,
            },
            "count_valid_h": {"thawed": 4.0},
        },
        "limits": [*_limits(inputs)],
        "externals": [],
    }


def _limits(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    limits = []
    for population, values in (
        ("T", inputs["T_limits_per_kg"]),
        ("CD3+", inputs["T_limits_per_kg"]),
        ("B", inputs["B_limits_per_kg"]),
    ):
        limits += [_per_kg(population, value, "dose") for value in values]
    limits += [_per_kg("T", value, "cumulative") for value in inputs["T_limits_per_kg"]]
    for name, value in inputs["purity_specs_ge"]:
        population = POPULATION[name]
        limits.append(
            {
                "name": f"{population} of viable >= {value}",
                "quantity": "frequency",
                "population": population,
                "of": "viable",
                "unit": "%",
                "op": ">=",
                "value": float(value),
                "decimals": len(str(value).partition(".")[2]),
                "rule": "simple",
                "source": SOURCE,
            }
        )
    return limits


def _per_kg(population: str, value: float, scope: str) -> dict[str, Any]:
    return {
        "name": f"{population}/kg < {value:g}"
        if scope == "dose"
        else f"all doses, {population}/kg < {value:g}",
        "quantity": "per_kg",
        "population": population,
        "scope": scope,
        "unit": "cells/kg",
        "op": "<",
        "value": float(value),
        "decimals": 0,
        "rule": "simple",
        "source": SOURCE,
    }
