"""The tubes of a folder and their roles: as its lots say, else as their names and folders say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nkflow.controls.dyes import says_unstained
from nkflow.dose.lot import load_lot
from nkflow.errors import DataError, DocumentError, InvalidValueError
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample

__all__ = ["OwnTube", "own_tubes"]

_SUFFIXES = (".fcs", ".lmd")
_FMO = re.compile(r"(?<![a-z])fmo(?![a-z])", re.IGNORECASE)
_SINGLE = re.compile(
    r"(?<![a-z])(single|comp|compensation|single[ _-]?stains?|spillover)(?![a-z])", re.IGNORECASE
)
_PROCESS = re.compile(r"process[ _-]?control", re.IGNORECASE)
_BEADS = re.compile(r"bead[s]?[ _-]?only|only[ _-]?beads", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class OwnTube:
    """One tube of a laboratory.

    Attributes
    ----------
    name
        Its path below the folder, for people.
    role, marker
        As in a lot; ``unknown`` for a file that can't be read.
    group
        Which tubes belong together: a lot, or a folder.
    sample
        None where it can't be read: `problem` says why.
    """

    name: str
    role: str
    marker: str | None
    group: str
    sample: Sample | None = field(repr=False, default=None)
    problem: str = ""


def own_tubes(folder: Path, markers: Sequence[str]) -> tuple[OwnTube, ...]:
    """Return every FCS file below `folder` with its role.

    A ``lot.yaml`` says it for its files. Else the name of the file, the keyword ``TUBE NAME`` and the folder it lies in
    do: ``FMO`` with one of `markers`, ``unstained``, ``single`` or ``comp`` with a dye, ``beads only``, ``process
    control``; all others are sample tubes.

    Raises
    ------
    InvalidValueError
        There is no such folder, or no FCS file in it.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise InvalidValueError(
            "no FCS file to adopt a template from",
            where=str(folder),
            expected="a folder with tubes of the laboratory",
        )
    stated: dict[Path, tuple[str, str | None, str]] = {}
    for document in sorted(folder.rglob("lot.yaml")):
        try:
            lot = load_lot(document)
        except DocumentError:
            continue  # its files go by their names
        for tube in lot.tubes:
            if tube.file is not None:
                stated[tube.file.resolve()] = (tube.role, tube.marker, lot.lot)
    return tuple(_tube(path, folder, stated.get(path.resolve()), markers) for path in paths)


def _tube(
    path: Path, folder: Path, stated: tuple[str, str | None, str] | None, markers: Sequence[str]
) -> OwnTube:
    name = str(path.relative_to(folder))
    group = str(path.parent.relative_to(folder))
    try:
        sample = read_fcs(path)
    except DataError as problem:
        role = "unknown" if stated is None else stated[0]
        return OwnTube(name, role, None, group, None, str(problem).splitlines()[0])
    if stated is not None:
        return OwnTube(name, stated[0], stated[1], stated[2], sample)
    role, marker = _by_name((path.stem, sample.keywords.get("TUBE NAME", "")), path.parent.name, markers)
    return OwnTube(name, role, marker, group, sample)


def _by_name(texts: Sequence[str], folder: str, markers: Sequence[str]) -> tuple[str, str | None]:
    for text in texts:
        if _FMO.search(text):
            return "fmo", _marker_in(text, markers)
        if _BEADS.search(text):
            return "bead-only", None
        if _PROCESS.search(text):
            return "process-control", None
    if any(_SINGLE.search(text) for text in (*texts, folder)):
        dark = any(map(says_unstained, texts))
        return ("unstained" if dark else "single-stain"), None
    if any(map(says_unstained, texts)):
        return "unstained", None
    return "sample", None


def _marker_in(text: str, markers: Sequence[str]) -> str | None:
    """Return the marker that stands in a name; the longest one wins (CD16+56 before CD16)."""
    plain = _plain(text)
    found = [marker for marker in markers if re.search(rf"{re.escape(_plain(marker))}(?!\d)", plain)]
    return max(found, key=len, default=None)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
