"""Records of a release as the page gets them, made from counts: no file has to be simulated and gated.

The counts, volumes and the bag are those of the worked example; the limits are the shipped protocol's.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

from nkflow.documents import validate
from nkflow.dose.document import dose_of_counts
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import load_protocol
from nkflow.release import record as records

VERDICTS = ("PASS", "FAIL", "INCONCLUSIVE", "PENDING", "INVALID")

NAMES = ("beads", "cells", "singlets", "viable", "dead", "NK", "NKT-like", "T", "B", "monocytes", "other")
TUBES = {
    "A": (15310, 8700, 8300, 6980, 1188, 4992, 1410, 55, 0, 11, 512),
    "B": (14656, 8500, 8100, 6810, 1140, 4862, 1385, 52, 0, 13, 498),
    "C": (14959, 8650, 8240, 6960, 1175, 4947, 1399, 82, 0, 12, 520),
}


def lot_document() -> dict[str, Any]:
    """Return the lot of the worked example, with every result that the protocol asks for."""
    return {
        "nkflow": "lot/1",
        "lot": "NK-2026-0417",
        "protocol": "cd56_nk_aml_phase1",
        "product": {
            "donor": "D-1183",
            "state": "fresh",
            "bag_volume_ml": 46.0,
            "qc_volume_ml": 1.2,
            "dead_volume_ml": 0.8,
            "counted_at": "2026-03-17T10:30:00Z",
            "expires_at": "2026-03-18T10:30:00Z",
        },
        "recipient": {
            "patient": "P-0067",
            "mass_kg": 18.6,
            "mass_basis": "actual",
            "mass_measured_on": "2026-03-16",
        },
        "dose": {
            "number": 3,
            "infusion_at": "2026-03-17T14:00:00Z",
            "skipped": [{"number": 1, "reason": "given elsewhere"}, {"number": 2, "reason": "fever"}],
        },
        "tubes": [
            {"id": tube, "role": "sample", "counts": dict(zip(NAMES, counts, strict=True))}
            for tube, counts in TUBES.items()
        ],
        "counting": {
            "method": "beads",
            "beads": {"lot": "CB-7", "expires_on": "2027-01-31", "concentration_per_ul": 987, "u_rel": 0.025},
            "bead_volume_ul": {
                "value": 25,
                "u_repeatability": 0.012,
                "u_calibration": 0.004,
                "pipette": "P2",
            },
            "sample_volume_ul": {"value": 50, "u_repeatability": 0.01},
            "tube_volume_ul": 500,
            "dilutions": [
                {"sample_ul": 200, "diluent_ul": 600, "u_sample": 0.007, "u_diluent": 0.005},
                {"sample_ul": 100, "diluent_ul": 400, "u_sample": 0.009, "u_diluent": 0.006},
            ],
        },
        "external": {
            "endotoxin_eu_per_ml": 0.25,
            "gram_stain": "negative",
            "sterility": {"outcome": "negative", "state": "interim"},
            "mycoplasma": "negative",
        },
    }


def _fail(lot: dict[str, Any]) -> None:
    for tube in lot["tubes"]:  # seven per cent of the cells are T
        tube["counts"]["T"] += 600
        tube["counts"]["viable"] += 600


def _inconclusive(lot: dict[str, Any]) -> None:
    for tube in lot["tubes"]:  # just below 2e5 per kg
        tube["counts"]["T"] += 170
        tube["counts"]["viable"] += 170


def _pending(lot: dict[str, Any]) -> None:
    lot["external"]["mycoplasma"] = "pending"


def _invalid(lot: dict[str, Any]) -> None:
    _fail(lot)
    lot["counting"]["beads"]["expires_on"] = "2026-01-31"


_CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "PASS": lambda lot: None,
    "FAIL": _fail,
    "INCONCLUSIVE": _inconclusive,
    "PENDING": _pending,
    "INVALID": _invalid,
}


def record_of(verdict: str) -> dict[str, Any]:
    """Return a record with this verdict, yours to change; its numbers come from the dose room."""
    return copy.deepcopy(_record(verdict))


@functools.cache
def _record(verdict: str) -> dict[str, Any]:
    document = lot_document()
    _CHANGES[verdict](document)
    return record_from(document)


def record_from(document: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a lot whose tubes are counts."""
    lot = validate(document, Lot, name="lot.yaml")
    protocol = load_protocol(lot.protocol)
    dose = dose_of_counts(lot, protocol)
    plain = dose.as_dict()
    return {
        "schema": records.SCHEMA,
        "version": records.VERSION,
        "lot": lot.model_dump(mode="json"),
        "verdict": dose.verdict,
        "reasons": list(dose.reasons),
        "dose": plain,
        "composition": plain["composition"],
        "tubes": [_tube(tube.id, k) for k, tube in enumerate(lot.tubes)],
        "template": {"name": "nk_release_7aad", "version": "1.0", "sha256": "5a" * 32, "document": {}},
        "protocol": protocol.model_dump(mode="json"),
        "protocol_sha256": protocol.sha256,
        "versions": {"python": "3.11.7", "nkflow": "0.1.0", "numpy": "2.4.0"},
    }


def unreadable() -> dict[str, Any]:
    """Return the record of a lot one of whose files could not be read: no composition, no dose."""
    record = copy.deepcopy(record_of("PASS"))
    error = {
        "error": "FCSTruncatedError",
        "code": "fcs-truncated",
        "message": "the file ends before its last event",
        "where": "B.fcs",
        "found": "14,536 events",
        "expected": "14,656 events ($TOT)",
        "next_step": "Export the file again.",
    }
    record["tubes"][1] |= {"sha256": None, "n_events": None, "gating": None, "error": error}
    record |= {"verdict": "INVALID", "dose": None, "composition": None}
    record["reasons"] = ["tube B: the file ends before its last event, found 14,536 events"]
    return record


def _tube(name: str, k: int) -> dict[str, Any]:
    finding = {
        "code": "offset-plus-one",
        "severity": "warning",
        "message": "the data segment ends one byte late",
        "where": "HEADER",
        "consequence": "read as $TOT says; no number changes",
    }
    return {
        "id": name,
        "role": "sample",
        "file": f"{name}.fcs",
        "sha256": f"{k + 1}f" * 32,
        "n_events": 48211 + k,
        "gating": None,
        "findings": [finding] if k == 0 else [],
        "error": None,
    }
