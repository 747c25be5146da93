"""What is drawn over a density: a gate's lines, its name and what it holds. Knows no gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["COLOURS", "Kind", "Outline", "Path"]

Kind: TypeAlias = Literal["gate", "aside", "window"]
COLOURS: Mapping[Kind, str] = {"gate": "#c2185b", "aside": "#777777", "window": "#2e8b57"}  # of their lines


@dataclass(frozen=True)
class Path:
    """A line through `points` ((x, y) in display units), closed or open.

    A point may lie outside the axes or at infinity: the drawing ends at the frame. So a vertical line is
    ``Path(((x, -inf), (x, inf)))``.
    """

    points: tuple[tuple[float, float], ...]
    closed: bool = False


@dataclass(frozen=True)
class Outline:
    """The lines of one gate with its text.

    Attributes
    ----------
    name
        The population's name; any text, escaped where it is drawn.
    paths
        Its lines; none where others draw them (the four populations of one quadrant share two lines).
    count
        Events inside, or None.
    frequency
        For instance ``"71.3 % of viable"``, or "".
    anchor
        Where the text goes, (x, y) in display units (infinite: into that corner); None: above the paths.
    kind
        What it is: a ``gate``; ``aside``, what was considered and is none; ``window``, where something may lie.
    """

    name: str
    paths: tuple[Path, ...] = ()
    count: int | None = None
    frequency: str = ""
    anchor: tuple[float, float] | None = None
    kind: Kind = "gate"

    @property
    def numbers(self) -> str:
        """Count and frequency as far as they are known, else ""."""
        count = "" if self.count is None else f"{self.count:,}"
        return " · ".join(part for part in (count, self.frequency) if part)
