"""Which file is which control, written down by a person: a YAML document, or a table with name and channel."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from nkflow import documents
from nkflow.documents import Document
from nkflow.errors import DocumentError, Problem

__all__ = ["ControlsDocument", "Mapped", "load_mapping"]

UNSTAINED = {"unstained", "nil", "none", "blank", "negative"}
_NAMES, _CHANNELS = {"name", "file", "filename"}, {"channel", "detector", "dye"}


class ControlsDocument(Document):
    """``controls``: detector or marker -> file; ``unstained``: files. Paths are relative to the folder."""

    nkflow: Literal["controls/1"]
    controls: dict[str, str] = Field(min_length=1)
    unstained: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Mapped:
    """Detector -> file, and the unstained files; paths that exist."""

    controls: dict[str, Path]
    unstained: tuple[Path, ...]


def load_mapping(path: Path, folder: Path) -> Mapped:
    """Read what a person wrote at `path` about the files in `folder`.

    A ``.csv`` file is a table with the columns name and channel, where an unstained tube has the channel
    ``Unstained`` (as CytoExploreR writes it); anything else is a `ControlsDocument`.

    Raises
    ------
    DocumentError
        With every mistake: of the document, of channels named twice, of files that aren't there.
    """
    document = _table(path) if path.suffix.lower() == ".csv" else documents.load(path, ControlsDocument)
    files = [*document.controls.values(), *document.unstained]
    problems = [
        Problem(
            str(path), None, name, "no such file", f"a file in {folder}", "Paths are relative to the folder."
        )
        for name in files
        if not (folder / name).is_file()
    ]
    if problems:
        raise DocumentError(f"{path} names files that aren't there", problems)
    controls = {channel: folder / name for channel, name in document.controls.items()}
    return Mapped(controls, tuple(folder / name for name in document.unstained))


def _table(path: Path) -> ControlsDocument:
    rows = list(csv.reader(io.StringIO(documents.read_text(path)), skipinitialspace=True))
    head = [cell.strip().casefold() for cell in rows[0]] if rows else []
    name = next((k for k, cell in enumerate(head) if cell in _NAMES), None)
    channel = next((k for k, cell in enumerate(head) if cell in _CHANNELS), None)
    if name is None or channel is None:
        raise _wrong(path, 1, ", ".join(head) or "nothing", "the columns name and channel")
    controls: dict[str, str] = {}
    unstained: list[str] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(name, channel) or not row[name].strip() or not row[channel].strip():
            raise _wrong(path, number, ", ".join(row), "a file and a channel")
        of = row[channel].strip()
        if of.casefold() in UNSTAINED:
            unstained.append(row[name].strip())
        elif of in controls:
            raise _wrong(path, number, of, "one file for each channel")
        else:
            controls[of] = row[name].strip()
    if not controls:
        raise _wrong(path, None, "no control", "a row for each")
    return ControlsDocument(nkflow="controls/1", controls=controls, unstained=unstained)


def _wrong(path: Path, line: int | None, found: str, expected: str) -> DocumentError:
    problem = Problem(str(path), line, "", found, expected)
    return DocumentError(f"{path} does not say which file is which control", [problem])
