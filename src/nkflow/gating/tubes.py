"""Many samples with one template: a tidy table with a row per tube and population, failures included."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nkflow.errors import DataError, InvalidValueError
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.gating.result import Gating
from nkflow.gating.run import at_least_one, gate
from nkflow.gating.table import COLUMNS, frame
from nkflow.gating.template import Template

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Gatings", "Tube", "gate_all", "gate_one", "tubes_in"]

SUFFIXES = (".fcs", ".lmd")


@dataclass(frozen=True, eq=False)
class Tube:
    """One tube: its gating, or the error that kept it from being gated."""

    name: str
    gating: Gating | None
    error: DataError | None = None

    def rows(self) -> Iterator[dict[str, Any]]:
        """Iterate over its rows: one per population, or one for the failure with the reason as its note."""
        if self.gating is None:
            yield dict.fromkeys(COLUMNS) | {"tube": self.name, "note": f"failed: {self.error}"}
            return
        for row in self.gating.rows():
            yield {"tube": self.name, **row}


@dataclass(frozen=True, eq=False)
class Gatings:
    """The tubes in the order they were given."""

    tubes: tuple[Tube, ...]

    @property
    def failures(self) -> tuple[Tube, ...]:
        """The tubes that could not be gated."""
        return tuple(tube for tube in self.tubes if tube.gating is None)

    def __getitem__(self, name: str) -> Gating:
        """Return the gating of the tube `name`; a failed one raises its error."""
        for tube in self.tubes:
            if tube.name == name:
                if tube.gating is None:
                    assert tube.error is not None  # a tube has one of both
                    raise tube.error
                return tube.gating
        raise InvalidValueError(f"there is no tube '{name}'", expected=", ".join(t.name for t in self.tubes))

    def table(self) -> pd.DataFrame:
        """Return a row per tube and population; a failed tube is one row with the reason in ``note``."""
        return frame((row for tube in self.tubes for row in tube.rows()), ("tube", *COLUMNS))


def gate_all(
    tubes: str | os.PathLike[str] | Iterable[Sample | str | os.PathLike[str]],
    template: Template,
    *,
    threads: int | None = None,
) -> Gatings:
    """Gate the FCS files of a folder, or samples and files as given; one bad file fails by itself.

    Raises
    ------
    InvalidValueError
        Where there is no such folder, or no FCS file in it, or `threads` is no whole number from 1.
    """
    if threads is not None:
        at_least_one(threads, "threads")  # also where no tube can be read
    if isinstance(tubes, str | os.PathLike):
        tubes = tubes_in(Path(tubes))
    return Gatings(tuple(gate_one(tube, template, threads=threads) for tube in tubes))


def gate_one(
    tube: Sample | str | os.PathLike[str], template: Template, *, threads: int | None = None
) -> Tube:
    """Gate one sample or file; bad data become the tube's error."""
    name = (tube.name or "sample") if isinstance(tube, Sample) else Path(tube).name
    try:
        sample = tube if isinstance(tube, Sample) else read_fcs(tube)
        return Tube(name, gate(sample, template, threads=threads))
    except DataError as error:
        return Tube(name, None, error)


def tubes_in(folder: Path) -> tuple[Path, ...]:
    """Return the FCS files of `folder`, by name; ``._name`` is what macOS writes beside a file, and no tube.

    Raises
    ------
    InvalidValueError
        Where there is no such folder, or no FCS file in it.
    """
    files = (path for path in folder.glob("*") if not path.name.startswith("._"))
    found = sorted(path for path in files if path.suffix.lower() in SUFFIXES)
    if not found:
        raise InvalidValueError(
            "no FCS file to gate", where=str(folder), expected="a folder with " + " or ".join(SUFFIXES)
        )
    return tuple(found)
