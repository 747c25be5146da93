"""The protocol document: dose levels, definitions, counting rules, limits. Nothing clinical has a default."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nkflow import documents
from nkflow.counting.rules import CountingRules
from nkflow.documents import Document
from nkflow.dose.externals import ExternalRule
from nkflow.dose.limits import DoseWindow, Limit
from nkflow.dose.shipped import shipped_protocols
from nkflow.dose.suitability import SuitabilityRules
from nkflow.errors import Problem, ProtocolError

__all__ = [
    "Definitions",
    "DoseLevel",
    "MassRule",
    "MonteCarloRule",
    "Protocol",
    "VolumeRule",
    "load_protocol",
    "protocols",
]


class DoseLevel(Document):
    """One dose of the schedule: dosed viable cells per kg on a day."""

    number: Annotated[int, Field(ge=1)]
    day: Annotated[int, Field(ge=0)]
    per_kg: Annotated[float, Field(gt=0)]


class Definitions(Document):
    """What the words of the protocol mean; each choice changes the number.

    Attributes
    ----------
    dosed_population
        ``CD56+`` (NK and NKT-like together), ``NK`` or ``NKT-like``; always the viable ones.
    viable
        The dye whose negative cells are called viable.
    residual_t
        ``T``: CD3+CD56−; ``CD3+``: all CD3+, NKT-like among them.
    purity_denominator
        ``viable``: live CD45+; ``CD45+``: live and dead.
    weight_basis
        Which mass the dose is per kg of.
    """

    dosed_population: Literal["CD56+", "NK", "NKT-like"]
    viable: Literal["7-AAD-negative", "fixable-dye-negative"]
    residual_t: Literal["T", "CD3+"]
    purity_denominator: Literal["viable", "CD45+"]
    weight_basis: Literal["actual", "ideal", "adjusted"]


class MassRule(Document):
    """Plausible masses of the protocol's recipients, how long a mass holds, and how fast it may change."""

    low_kg: Annotated[float, Field(gt=0)]
    high_kg: Annotated[float, Field(gt=0)]
    valid_days: Annotated[int, Field(ge=0)]
    max_change_pct: Annotated[float, Field(gt=0)]


class VolumeRule(Document):
    """Smallest step of the pump or syringe in mL; volumes are rounded half-up to it."""

    step_ml: Annotated[float, Field(gt=0)]


class MonteCarloRule(Document):
    """Trials and seed of the check by JCGM 101; no verdict hangs on it."""

    trials: Annotated[int, Field(ge=10_000, le=20_000_000)] = 1_000_000
    seed: Annotated[int, Field(ge=0)] = 1


class Protocol(Document):
    """A dose protocol (``nkflow: protocol/1``).

    `day_tolerance` is by how many days a dose may be off the schedule before that is a finding; `confidence`
    is the probability that the guarded rule asks for, and that of one-sided bounds.
    """

    nkflow: Literal["protocol/1"]
    name: Annotated[str, Field(min_length=1)]
    version: str
    title: str
    doses: Annotated[tuple[DoseLevel, ...], Field(min_length=1)]
    day_tolerance: Annotated[int, Field(ge=0)]
    definitions: Definitions
    counting: CountingRules
    mass: MassRule
    volume: VolumeRule
    dose_window: DoseWindow
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    limits: tuple[Limit, ...]
    externals: tuple[ExternalRule, ...]
    suitability: SuitabilityRules | None = None
    monte_carlo: MonteCarloRule = MonteCarloRule()

    @model_validator(mode="after")
    def _names_are_single(self) -> Self:
        for what, names in (
            ("dose", [dose.number for dose in self.doses]),
            ("limit", [limit.name for limit in self.limits]),
            ("external result", [rule.name for rule in self.externals]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"each {what} has its own name")
        return self

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, whatever its layout."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def population(self, name: str) -> str:
        """Return the population that `name` means by the definitions, ``dosed`` for one."""
        return {
            "dosed": self.definitions.dosed_population,
            "residual T": self.definitions.residual_t,
            "purity denominator": self.definitions.purity_denominator,
        }.get(name, name)


def protocols() -> tuple[str, ...]:
    """Return the names of the shipped protocols."""
    return tuple(sorted(shipped_protocols()))


def load_protocol(name_or_path: str | Path) -> Protocol:
    """Read a protocol: a shipped name, or the path of a document.

    Raises
    ------
    ProtocolError
        With every mistake of the document, or the shipped names where there is none of this name.
    """
    shipped = shipped_protocols()
    path = shipped.get(str(name_or_path), Path(name_or_path))
    if not path.is_file():
        expected = f"a file, or one of {', '.join(sorted(shipped))}"
        problem = Problem(str(name_or_path), None, "", "no such protocol", expected, "Check the name.")
        raise ProtocolError(f"there is no protocol {name_or_path}", [problem])
    return documents.load(path, Protocol, error=ProtocolError)
