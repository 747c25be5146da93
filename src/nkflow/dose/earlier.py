"""Doses already given, read from their records: what was infused, and what was uncertain about it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nkflow.counting.budget import Term
from nkflow.counting.intervals import poisson_upper
from nkflow.dose.cumulative import Part
from nkflow.dose.product import EarlierDose
from nkflow.errors import LotError, Problem

__all__ = ["Count", "Given", "given_doses"]


@dataclass(frozen=True)
class Count:
    """One count of one bag: the lot, when its sample was drawn, and the identity of the counts."""

    lot: str
    at: dt.datetime
    measurement: str


@dataclass(frozen=True, eq=False)
class Given:
    """One dose that was infused, with the count its record holds.

    Attributes
    ----------
    number, volume_ml, infused_at
        Which dose, the volume infused (not the one planned), and when.
    lot, patient, mass_kg
        From which lot, for whom, and the mass that the dose was per kg of.
    concentrations
        Of the record, by population.
    renamed
        Names of the record's count and of this lot's, where both are one count that was evaluated twice.
    """

    number: int
    volume_ml: float
    infused_at: dt.datetime
    lot: str
    patient: str
    mass_kg: float
    verdict: str
    record_sha256: str
    concentrations: Mapping[str, Any]
    renamed: tuple[str, str]

    def part(self, population: str, *, confidence: float) -> Part | None:
        """Return cells per kg of `population` that this dose brought; None where it was not counted."""
        found = self.concentrations.get(population)
        if not isinstance(found, Mapping) or "per_ul" not in found:
            return None
        scale = 1000 * self.volume_ml / self.mass_kg
        terms = tuple(self._term(term) for term in found["terms"])
        bound = None
        if int(found["events"]) == 0:
            seen = float(poisson_upper(0, confidence=confidence, phi=_number(found["phi"])))
            bound = scale * _number(found["per_event_per_ul"]) * seen
        return Part(scale * _number(found["per_ul"]), terms, bound)

    def as_dict(self, populations: tuple[str, ...], *, confidence: float) -> dict[str, object]:
        """Return the dose as plain values, with what it brought of each of `populations`, cells per kg."""
        parts = {name: self.part(name, confidence=confidence) for name in populations}
        return {
            "number": self.number,
            "lot": self.lot,
            "record_sha256": self.record_sha256,
            "verdict": self.verdict,
            "volume_ml": self.volume_ml,
            "infused_at": self.infused_at.isoformat(),
            "mass_kg": self.mass_kg,
            "per_kg": {name: None if part is None else part.value for name, part in parts.items()},
        }

    def _term(self, term: Mapping[str, Any]) -> Term:
        source = str(term["source"]).replace(*self.renamed)
        return Term(source, term["kind"], _number(term["u"]), bool(term["shared"]))


def given_doses(
    earlier: tuple[EarlierDose, ...], records: Mapping[str, Mapping[str, Any]], *, own: Count
) -> tuple[Given, ...]:
    """Return the earlier doses in the order of their numbers.

    A dose from the same bag by the same count shares all its errors with this one, also where the count was
    evaluated anew in between.

    Parameters
    ----------
    earlier
        As the lot names them.
    records
        Records by the SHA-256 of their bytes (`nkflow.dose.lot.load_lot` reads and checks them).
    own
        The count of the lot at hand.

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
            problems.append(
                Problem(own.lot, None, where, "no record at hand", f"record {dose.record_sha256}")
            )
            continue
        try:
            given = _given(dose, record, own=own)
            for population in given.concentrations:
                given.part(population, confidence=0.95)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            what = f"a record without {problem}" if isinstance(problem, KeyError) else str(problem)
            problems.append(Problem(own.lot, None, where, what, "the record of a dose"))
        else:
            found.append(given)
    if problems:
        raise LotError("earlier doses can't be read from their records", problems)
    return tuple(found)


def _given(dose: EarlierDose, record: Mapping[str, Any], *, own: Count) -> Given:
    """Take from a record what adding it up needs; the dose stands at its top or under ``dose``."""
    inner = record.get("dose")
    body = inner if isinstance(inner, Mapping) and "composition" in inner else record
    composition, recipient = body["composition"], body["recipient"]
    measurement, lot = str(composition["measurement"]), str(body["lot"])
    counted_at = dt.datetime.fromisoformat(body["product"]["counted_at"])
    same = lot == own.lot and counted_at == own.at
    return Given(
        dose.number,
        dose.volume_infused_ml,
        dose.infused_at,
        lot,
        str(recipient["patient"]),
        _number(recipient["mass_kg"]),
        str(body["verdict"]),
        dose.record_sha256,
        dict(composition["concentrations"]),
        (measurement, own.measurement if same else measurement),
    )


def _number(value: object) -> float:
    """Return a number of a record; it is finite."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} where a number should be")
    return float(value)
