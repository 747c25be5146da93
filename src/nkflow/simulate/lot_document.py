"""The lot document of a simulated lot: what its laboratory would have written down, nominal values only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from nkflow import documents
from nkflow.dose.lot import Lot
from nkflow.errors import LotError
from nkflow.simulate.bench import Bench
from nkflow.simulate.control_tubes import SHEET
from nkflow.simulate.figures import BAG, BENCH, SERIAL
from nkflow.simulate.particles import MARKERS
from nkflow.simulate.tubes import Plan

__all__ = ["COUNTED_AT", "PROTOCOL", "TEMPLATE", "lot_document"]

TEMPLATE = "nk_release_7aad"
PROTOCOL = "cd56_nk_aml_phase1"
COUNTED_AT = dt.datetime(2026, 3, 17, 9, 30, tzinfo=dt.UTC)


def lot_document(
    name: str, plans: Sequence[Plan], *, bench: Bench, bag_ml: float, recipient_kg: float
) -> Lot:
    """Return the document for the first dose of a fresh product."""
    day = COUNTED_AT.date()
    tree = {
        "nkflow": "lot/1",
        "lot": name,
        "template": TEMPLATE,
        "protocol": PROTOCOL,
        "product": {
            "donor": "D-SIM",
            "state": "fresh",
            "bag_volume_ml": bag_ml,
            "qc_volume_ml": BAG["QC mL"].value,
            "dead_volume_ml": BAG["dead volume mL"].value,
            "counted_at": COUNTED_AT.isoformat(),
            "expires_at": (COUNTED_AT + dt.timedelta(hours=24)).isoformat(),
        },
        "recipient": {
            "patient": "P-SIM",
            "mass_kg": recipient_kg,
            "mass_basis": "actual",
            "mass_measured_on": (day - dt.timedelta(days=1)).isoformat(),
        },
        "dose": {
            "number": 1,
            "infusion_at": (COUNTED_AT + dt.timedelta(hours=5)).isoformat(),
            "infusion_h": 0.5,
        },
        "tubes": [_tube(plan, name) for plan in plans],
        "counting": _counting(bench),
        **_day(day),
        "external": {
            "endotoxin_eu_per_ml": BAG["endotoxin EU/mL"].value,
            "gram_stain": "negative",
            "sterility": {"outcome": "negative", "state": "interim"},
            "mycoplasma": "negative",
        },
    }
    return documents.validate(tree, Lot, name=name, error=LotError)


def _day(day: dt.date) -> dict[str, Any]:
    """Return the cytometer and the reagents of the day."""
    expires_on = (day + dt.timedelta(days=180)).isoformat()
    return {
        "instrument": {
            "serial": SERIAL,
            "qc": "passed",
            "qc_at": (COUNTED_AT - dt.timedelta(hours=2)).isoformat(),
            "matrix_made_on": (day - dt.timedelta(days=7)).isoformat(),
        },
        "reagents": [
            {"name": marker, "lot": f"R-SIM-{n}", "expires_on": expires_on}
            for n, marker in enumerate(MARKERS, 1)
        ],
    }


def _tube(plan: Plan, lot: str) -> dict[str, Any]:
    tube: dict[str, Any] = {"id": plan.id, "role": plan.role}
    if plan.marker is not None:
        tube["marker"] = plan.marker
    tube |= {"file": f"{plan.id}.fcs", "codes": {"$SMNO": lot, "TUBE NAME": plan.id}}
    if plan.role != "bead-only":
        tube["stained_at"] = (COUNTED_AT + dt.timedelta(minutes=10)).isoformat()
    if plan.role == "process-control":
        tube["sheet"] = {
            "lot": "PC-SIM",
            "expires_on": (COUNTED_AT.date() + dt.timedelta(days=60)).isoformat(),
            "ranges": [
                dict(zip(("population", "of", "low_pct", "high_pct"), row, strict=True)) for row in SHEET
            ],
        }
    return tube


def _counting(bench: Bench) -> dict[str, Any]:
    return {
        "method": "beads",
        "beads": {
            "lot": "B-SIM",
            "expires_on": (COUNTED_AT.date() + dt.timedelta(days=365)).isoformat(),
            "concentration_per_ul": BENCH["bead concentration per uL"].value,
            "u_rel": BENCH["bead lot u"].value,
        },
        "bead_volume_ul": _pipetted("bead volume", "R-SIM-1", bench.size),
        "sample_volume_ul": _pipetted("sample volume", "R-SIM-2", bench.size),
        "tube_volume_ul": BENCH["tube volume"].value * bench.size,
        "vol_unit": "nL",
        "u_acquired_volume": BENCH["volumetric reading u"].value,
        "dilutions": [
            {
                "sample_ul": BENCH["dilution sample"].value,
                "diluent_ul": bench.diluent_ul,
                "u_sample": BENCH["dilution sample u"].value,
                "u_diluent": BENCH["dilution diluent u"].value,
            }
        ],
    }


def _pipetted(name: str, pipette: str, size: int) -> dict[str, Any]:
    return {
        "value": BENCH[name].value * size,
        "u_repeatability": BENCH[f"{name} u repeatability"].value,
        "u_calibration": BENCH[f"{name} u calibration"].value,
        "pipette": pipette,
    }
