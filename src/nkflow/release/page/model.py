"""What the page is made of before it is HTML: cells, tables, sections; plain text, escaped later."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from nkflow.release.page.wording import Wording

__all__ = ["Cell", "Fact", "Page", "Section", "Table", "hashed", "number", "strong", "text", "verdict"]

Kind = Literal["text", "strong", "number", "verdict", "severity", "hash", "formula"]


@dataclass(frozen=True)
class Cell:
    """One cell: its text, how it is set, and a smaller line below it."""

    text: str
    kind: Kind = "text"
    note: str = ""


@dataclass(frozen=True)
class Fact:
    """A labelled value."""

    label: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Columns and rows; on a phone a list of cards."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """One part of the page: its title, a word beside it, text, tables and drawings."""

    slug: str
    title: str
    brief: str = ""
    lead: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    drawings: tuple[str, ...] = field(default=(), repr=False)
    closing: tuple[str, ...] = ()
    open: bool = True


def text(value: object, note: object = "") -> Cell:
    """Return a cell of words; None becomes a dash."""
    return Cell("–" if value is None else str(value), "text", str(note))


def strong(value: object, note: object = "") -> Cell:
    """Return a cell of words that names its row."""
    return Cell(str(value), "strong", str(note))


def number(shown: str, note: str = "") -> Cell:
    """Return a cell of a number that is written already."""
    return Cell(shown, "number", note)


def verdict(word: object, note: str = "") -> Cell:
    """Return a cell with a verdict; without one a dash."""
    return Cell(str(word), "verdict", note) if word else Cell("–", "text", note)


def hashed(digest: object) -> Cell:
    """Return a cell with a hash or another machine-readable word."""
    return Cell(str(digest) if digest else "–", "hash")


@dataclass(frozen=True)
class Page:
    """Everything that the template prints."""

    verdict: str
    words: Wording
    lot: str
    identity: tuple[Fact, ...]
    context: tuple[Fact, ...]
    reasons: tuple[str, ...]
    figures: tuple[Fact, ...]
    formula: tuple[str, ...]
    sections: tuple[Section, ...]
    roles: tuple[Fact, ...]
    record_sha256: str
    footer: str
