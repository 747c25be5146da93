"""Doses already given, read from their records: what was infused, and what was uncertain about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nkflow.counting.budget import Term
from nkflow.counting.intervals import poisson_upper
from nkflow.dose.cumulative import Part
from nkflow.dose.product import EarlierDose
from nkflow.errors import LotError, Problem

__all__ = ["Given", "given_doses"]


@dataclass(frozen=True, eq=False)
class Given:
    """One dose that was infused, with the measurement its record holds.

    Attributes
    ----------
    number, volume_ml
        Which dose, and the volume infused (not the one planned).
    measurement
        Identity of the counts; the same as the lot's own where both doses come from one count.
    patient, mass_kg
        For whom, and the mass that the dose was per kg of.
    concentrations
        The record's concentrations by population.
    """

    number: int
    volume_ml: float
    measurement: str
    patient: str
    mass_kg: float
    verdict: str
    record_sha256: str
    concentrations: Mapping[str, Any]

    def part(self, population: str, *, confidence: float) -> Part | None:
        """Return cells per kg of `population` that this dose brought; None where it was not counted."""
        found = self.concentrations.get(population)
        if not isinstance(found, Mapping) or "per_ul" not in found:
            return None
        scale = 1000 * self.volume_ml / self.mass_kg
        events = int(found["events"])
        terms = tuple(
            Term(str(term["source"]), term["kind"], float(term["u"]), bool(term["shared"]))
            for term in found["terms"]
        )
        bound = None
        if events == 0:
            seen = float(poisson_upper(0, confidence=confidence, phi=float(found["phi"])))
            bound = scale * float(found["per_event_per_ul"]) * seen
        return Part(scale * float(found["per_ul"]), terms, bound)


def given_doses(
    earlier: tuple[EarlierDose, ...], records: Mapping[str, Mapping[str, Any]]
) -> tuple[Given, ...]:
    """Return the earlier doses in the order of their numbers.

    Parameters
    ----------
    earlier
        As the lot names them.
    records
        Records by the SHA-256 of their bytes (`nkflow.dose.lot.load_lot` reads and checks them).

    Raises
    ------
    LotError
        Where a record is not at hand or holds no dose.
    """
    problems: list[Problem] = []
    found: list[Given] = []
    for dose in sorted(earlier, key=lambda item: item.number):
        where = f"dose.earlier[{dose.number}].record"
        record = records.get(dose.record_sha256)
        if record is None:
            problems.append(Problem("lot", None, where, "no record at hand", f"record {dose.record_sha256}"))
            continue
        try:
            found.append(_given(dose, record))
        except (KeyError, TypeError, ValueError) as problem:
            found_text = f"a record without {problem}" if isinstance(problem, KeyError) else str(problem)
            problems.append(Problem("lot", None, where, found_text, "the record of a dose"))
    if problems:
        raise LotError("earlier doses can't be read from their records", problems)
    return tuple(found)


def _given(dose: EarlierDose, record: Mapping[str, Any]) -> Given:
    """Take from a record what adding it up needs; the dose stands at its top or under ``dose``."""
    inner = record.get("dose")
    body = inner if isinstance(inner, Mapping) and "composition" in inner else record
    composition, recipient = body["composition"], body["recipient"]
    return Given(
        dose.number,
        dose.volume_infused_ml,
        str(composition["measurement"]),
        str(recipient["patient"]),
        float(recipient["mass_kg"]),
        str(body["verdict"]),
        dose.record_sha256,
        dict(composition["concentrations"]),
    )
