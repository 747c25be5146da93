"""The documents of one lot, loaded together: the mistakes of all of them are reported at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nkflow import documents
from nkflow.compensation import Spillover
from nkflow.dose.lot import Lot, Tube, load_lot
from nkflow.dose.materials import ControlSheet
from nkflow.dose.named import collect, load_named
from nkflow.dose.protocol import Protocol, load_protocol, protocols
from nkflow.errors import CompensationError, LotError, Problem
from nkflow.gating.load import load_template, templates
from nkflow.gating.template import Template

__all__ = ["Inputs", "TubeFile", "load_inputs"]


@dataclass(frozen=True)
class TubeFile:
    """One tube of the lot that is a file."""

    name: str
    role: str
    path: Path
    marker: str | None = None
    acquired_volume_ul: float | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    stained_at: dt.datetime | None = None
    sheet: ControlSheet | None = None


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a release starts from; every document in it is valid."""

    lot: Lot
    template: Template
    protocol: Protocol
    files: tuple[TubeFile, ...]
    written: Mapping[str, Any]
    spillover: Spillover | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the documents as plain values for the record; the lot as it was written, with its own paths."""
        template = self.template
        return {
            "lot": dict(self.written),
            "template": {
                "name": template.name,
                "version": template.version,
                "sha256": template.sha256,
                "document": template.document.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            },
            "protocol": self.protocol.model_dump(mode="json"),
            "protocol_sha256": self.protocol.sha256,
        }


def load_inputs(path: Path) -> Inputs:
    """Load the lot at `path` with its template and its protocol.

    Raises
    ------
    LotError
        One of the three has mistakes; `problems` lists those of all three.
    """
    problems: list[Problem] = []
    lot = collect(lambda: load_lot(path), problems)
    template = load_named("template", path=path, load=load_template, shipped=templates(), problems=problems)
    protocol = load_named("protocol", path=path, load=load_protocol, shipped=protocols(), problems=problems)
    problems = list(dict.fromkeys(problems))
    if lot is not None:
        problems += [
            Problem(
                str(path),
                None,
                f"tubes[{i}]",
                "counts",
                "a file",
                "For counts gated elsewhere use 'nkflow dose'.",
            )
            for i, tube in enumerate(lot.tubes)
            if tube.file is None
        ]
    matrix = None if lot is None or lot.spillover is None else _matrix(lot.spillover, path, problems)
    if problems or lot is None or template is None or protocol is None:
        count = len(problems)
        raise LotError(f"the lot can't be released: {count} mistake{'s' if count != 1 else ''}", problems)
    files = tuple(_file(tube, tube.file) for tube in lot.tubes if tube.file is not None)
    written = documents.load(path, Lot, error=LotError).model_dump(mode="json", exclude_defaults=True)
    return Inputs(lot, template, protocol, files, written, matrix)


def _matrix(file: Path, lot: Path, problems: list[Problem]) -> Spillover | None:
    """Read the matrix that the lot names; one that can't be used is a mistake of the lot."""
    try:
        return Spillover.from_csv(file)
    except CompensationError as error:
        problems.append(Problem(str(lot), None, "spillover", str(error), "a spillover matrix as CSV or JSON"))
        return None


def _file(tube: Tube, path: Path) -> TubeFile:
    return TubeFile(
        tube.id,
        tube.role,
        path,
        tube.marker,
        tube.acquired_volume_ul,
        tube.codes,
        tube.stained_at,
        tube.sheet,
    )
