"""The lot document: what was measured, for whom, and from which files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, PrivateAttr, model_validator

from nkflow import documents
from nkflow.counting.inputs import Counting
from nkflow.documents import Document
from nkflow.dose.externals import ExternalResult
from nkflow.dose.materials import ControlSheet, Instrument, Reagent
from nkflow.dose.product import DoseOrder, KirLigands, Product, Recipient
from nkflow.errors import LotError, Problem

__all__ = ["Lot", "Tube", "is_path", "load_lot"]


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
    codes
        Keywords of the file and what they must say, so that a tube of another patient is found out.
    stained_at
        When the stain was added.
    sheet
        Of a control material: its lot, its last day and what it must show.
    """

    id: str
    role: Literal["sample", "fmo", "unstained", "single-stain", "bead-only", "process-control"]
    marker: str | None = None
    file: Path | None = None
    counts: dict[str, Annotated[int, Field(ge=0)]] | None = None
    acquired_volume_ul: Annotated[float, Field(gt=0)] | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    stained_at: AwareDatetime | None = None
    sheet: ControlSheet | None = None

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
    `spillover` is a matrix as CSV or JSON, relative to the lot, that every tube is compensated with instead of its own.
    `records` are the records of earlier doses, by the SHA-256 of their bytes (`load_lot` reads them).
    `instrument` and `reagents` are what the protocol's section ``suitability:`` may ask for.
    """

    nkflow: Literal["lot/1"]
    lot: Annotated[str, Field(min_length=1)]
    template: str | None = None
    spillover: Path | None = None
    protocol: str
    product: Product
    recipient: Recipient
    dose: DoseOrder
    tubes: Annotated[tuple[Tube, ...], Field(min_length=1)]
    counting: Counting
    instrument: Instrument | None = None
    reagents: tuple[Reagent, ...] = ()
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
    tree = documents.tree(documents.read_text(path, error=LotError), name=str(path), error=LotError)
    folder = path.resolve().parent
    problems = list(_absent(tree, folder, name=str(path)))
    try:
        lot = documents.validate(tree, Lot, name=str(path), error=LotError)
    except LotError as mistaken:
        raise _mistakes(path, (*mistaken.problems, *problems)) from None
    records, unreadable = _records(lot, folder, tree=tree, name=str(path))
    if problems or unreadable:
        raise _mistakes(path, (*problems, *unreadable))
    tubes = tuple(
        tube if tube.file is None else tube.model_copy(update={"file": folder / tube.file})
        for tube in lot.tubes
    )
    named = {"template": lot.template, "protocol": lot.protocol}
    paths = {key: str(folder / name) for key, name in named.items() if name is not None and is_path(name)}
    matrix = {} if lot.spillover is None else {"spillover": folder / lot.spillover}
    return lot.model_copy(update={"tubes": tubes, **paths, **matrix}).with_records(records)


def is_path(name: str) -> bool:
    """Tell a path to a document from the name of a shipped one."""
    return "/" in name or "\\" in name or name.endswith((".yaml", ".yml", ".json"))


def _mistakes(path: Path, problems: Sequence[Problem]) -> LotError:
    count = len(problems)
    return LotError(f"{path} has {count} mistake{'s' if count != 1 else ''}", problems)


def _absent(tree: object, folder: Path, *, name: str) -> Iterator[Problem]:
    """Find the files that the lot names and that aren't there, whatever else is wrong with it."""
    for loc in _file_places(tree):
        node = tree
        for step in loc:
            node = node[step]  # type: ignore[index]
        if isinstance(node, str) and not (folder / node).is_file():
            if loc[0] in ("template", "protocol") and not is_path(node):
                continue
            expected, hint = "a file that exists", "Paths are relative to the lot document."
            yield documents.problem_at(tree, loc, name=name, expected=expected, next_step=hint)


def _file_places(tree: object) -> Iterator[tuple[int | str, ...]]:
    """Return where the tree of a lot names files."""
    if not isinstance(tree, Mapping):
        return
    yield from ((key,) for key in ("template", "spillover", "protocol") if key in tree)
    order = tree.get("dose")
    lists = {
        ("tubes",): ("file", tree.get("tubes")),
        ("dose", "earlier"): ("record", order.get("earlier") if isinstance(order, Mapping) else None),
    }
    for loc, (key, items) in lists.items():
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, Mapping) and key in item:
                yield (*loc, index, key)


def _records(
    lot: Lot, folder: Path, *, tree: object, name: str
) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """Read the records of earlier doses, by hash; another hash, or no record at all, is a problem."""
    records: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for index, dose in enumerate(lot.dose.earlier):
        path = folder / dose.record
        if not path.is_file():
            continue
        content = path.read_bytes()
        found, record = hashlib.sha256(content).hexdigest(), _parsed(content)
        if found != dose.record_sha256:
            expected = f"the hash of the record, {found}"
            hint = "The record has changed, or this is another one: find the one that was signed."
            loc: tuple[int | str, ...] = ("dose", "earlier", index, "record_sha256")
            problems.append(documents.problem_at(tree, loc, name=name, expected=expected, next_step=hint))
        elif record is None:
            loc, hint = ("dose", "earlier", index, "record"), "Name the record.json of a release."
            expected = "a record of an earlier dose, which is a JSON object"
            problems.append(documents.problem_at(tree, loc, name=name, expected=expected, next_step=hint))
        else:
            records[found] = record
    return records, problems


def _parsed(content: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(content)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
