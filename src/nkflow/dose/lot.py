"""The lot document: what was measured, for whom, and from which files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from nkflow import documents
from nkflow.counting.inputs import Counting
from nkflow.documents import Document
from nkflow.dose.externals import ExternalResult
from nkflow.dose.product import DoseOrder, KirLigands, Product, Recipient
from nkflow.errors import LotError, Problem

__all__ = ["Lot", "Tube", "load_lot"]


class Tube(Document):
    """One tube of a lot: its role, and its file or the counts that another program gated.

    Attributes
    ----------
    id, role
        Name of the tube in the lot, and what it is for.
    marker
        Of an FMO the marker left out; of a single stain the one put in.
    file
        The FCS file, relative to the lot document.
    counts
        Events of each population, in the names of the release templates.
    acquired_volume_ul
        Volume that the cytometer drew, as a person read it; stands above the file's ``$VOL``.
    """

    id: str
    role: Literal["sample", "fmo", "unstained", "single-stain", "bead-only", "process-control"]
    marker: str | None = None
    file: Path | None = None
    counts: dict[str, Annotated[int, Field(ge=0)]] | None = None
    acquired_volume_ul: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _file_or_counts(self) -> Self:
        if (self.file is None) == (self.counts is None):
            raise ValueError("a tube has a file or counts, and only one of them")
        if self.role in ("fmo", "single-stain") and self.marker is None:
            raise ValueError(f"a tube of role {self.role} names its marker")
        return self


class Lot(Document):
    """A lot document (``nkflow: lot/1``).

    `template` is a shipped name or a path relative to the lot; it is absent where the tubes hold counts.
    `records` are the records of earlier doses, by the SHA-256 of their bytes (`load_lot` reads them).
    """

    nkflow: Literal["lot/1"]
    lot: Annotated[str, Field(min_length=1)]
    template: str | None = None
    protocol: str
    product: Product
    recipient: Recipient
    dose: DoseOrder
    tubes: Annotated[tuple[Tube, ...], Field(min_length=1)]
    counting: Counting
    external: dict[str, ExternalResult] = Field(default_factory=dict)
    kir_ligands: KirLigands | None = None

    _records: dict[str, dict[str, Any]] = PrivateAttr(default_factory=dict)

    @property
    def records(self) -> dict[str, dict[str, Any]]:
        """Records of earlier doses, by the SHA-256 of their bytes."""
        return dict(self._records)

    def with_records(self, records: dict[str, dict[str, Any]]) -> Lot:
        """Return this lot with the `records` of its earlier doses at hand."""
        lot = self.model_copy()
        lot._records = dict(records)
        return lot

    def of_role(self, role: str) -> tuple[Tube, ...]:
        """Return the tubes of one role, in the order of the document."""
        return tuple(tube for tube in self.tubes if tube.role == role)

    @model_validator(mode="after")
    def _tubes_fit_together(self) -> Self:
        ids = [tube.id for tube in self.tubes]
        doubled = sorted({name for name in ids if ids.count(name) > 1})
        if doubled:
            raise ValueError(f"each tube has its own id; doubled: {', '.join(doubled)}")
        if not self.of_role("sample"):
            raise ValueError("a lot has at least one tube of role sample")
        if self.template is None and any(tube.file is not None for tube in self.tubes):
            raise ValueError("tubes with files need a template")
        return self


def load_lot(path: str | Path) -> Lot:
    """Read a lot document; paths in it become absolute, records of earlier doses are read and checked.

    Raises
    ------
    LotError
        With every mistake: of the document, of files that aren't there, of records with another hash.
    """
    path = Path(path)
    lot = documents.load(path, Lot, error=LotError)
    folder = path.resolve().parent
    problems: list[Problem] = []
    tubes = tuple(_resolved(tube, folder, path, problems) for tube in lot.tubes)
    changes: dict[str, Any] = {"tubes": tubes}
    for name in ("template", "protocol"):
        given = getattr(lot, name)
        if given is not None and _is_path(given):
            if not (folder / given).is_file():
                problems.append(_absent(path, name, given))
            changes[name] = str(folder / given)
    records = _read_records(lot, folder, path, problems)
    if problems:
        count = len(problems)
        raise LotError(f"{path} has {count} mistake{'s' if count != 1 else ''}", problems)
    return lot.model_copy(update=changes).with_records(records)


def _is_path(name: str) -> bool:
    """Tell a path to a document from the name of a shipped one."""
    return "/" in name or "\\" in name or name.endswith((".yaml", ".yml", ".json"))


def _resolved(tube: Tube, folder: Path, lot: Path, problems: list[Problem]) -> Tube:
    """Return `tube` with an absolute path, noting a file that isn't there."""
    if tube.file is None:
        return tube
    if not (folder / tube.file).is_file():
        problems.append(_absent(lot, f"tubes[{tube.id}].file", str(tube.file)))
    return tube.model_copy(update={"file": folder / tube.file})


def _read_records(lot: Lot, folder: Path, path: Path, problems: list[Problem]) -> dict[str, dict[str, Any]]:
    """Read the records of earlier doses, by hash; a record with another hash is a problem."""
    records: dict[str, dict[str, Any]] = {}
    for dose in lot.dose.earlier:
        where = f"dose.earlier[{dose.number}].record"
        try:
            content = (folder / dose.record).read_bytes()
        except OSError:
            problems.append(_absent(path, where, str(dose.record)))
            continue
        found = hashlib.sha256(content).hexdigest()
        if found != dose.record_sha256:
            problems.append(
                Problem(
                    str(path), None, where, f"SHA-256 {found}", dose.record_sha256, "The record has changed."
                )
            )
            continue
        try:
            record = json.loads(content)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            problems.append(Problem(str(path), None, where, "no JSON object", "a record of an earlier dose"))
            continue
        records[found] = record
    return records


def _absent(path: Path, where: str, found: str) -> Problem:
    return Problem(
        str(path), None, where, found, "a file that exists", "Paths are relative to the lot document."
    )
