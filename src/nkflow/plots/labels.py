"""Where the labels of gates stand: near their lines, inside the frame, none on top of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["LINE_HEIGHT", "Box", "Label", "settle"]

LINE_HEIGHT = 12.0
CHARACTER = 6.0  # px; generous for a 10.5 px sans serif
GAP = 4.0  # between a label and the frame
STEPS = 40  # half lines tried up and down before a label gives up and covers another


@dataclass(frozen=True)
class Box:
    """A rectangle in px; y runs down."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Tell whether the two share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True)
class Label:
    """Lines of text at a point: `down` is the baseline of the first line."""

    lines: tuple[str, ...]
    across: float
    down: float
    anchor: Literal["start", "middle", "end"] = "middle"

    @property
    def box(self) -> Box:
        """The rectangle that the text covers, about."""
        width = CHARACTER * max(len(line) for line in self.lines)
        left = self.across - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        top = self.down - LINE_HEIGHT + 2
        return Box(left, top, left + width, top + LINE_HEIGHT * len(self.lines))


def settle(wishes: Sequence[Label], frame: Box) -> list[Label]:
    """Return each label as near as it can be to where it wishes to stand, the first one first.

    A label keeps its place across, is aligned so that it stays inside the frame, and moves up or down by half
    lines until it is free.
    """
    settled: list[Label] = []
    for wish in wishes:
        label = _inside(wish, frame)
        settled.append(next((place for place in _places(label, frame) if _free(place, settled)), label))
    return settled


def _inside(label: Label, frame: Box) -> Label:
    """Return the label not beyond the edges; a middle one aligned by the third of the frame it stands in."""
    share = (label.across - frame.left) / (frame.right - frame.left)
    if label.anchor == "middle":
        label = replace(label, anchor="start" if share < 0.34 else "end" if share > 0.66 else "middle")
    across = min(max(label.across, frame.left + GAP), frame.right - GAP)
    height = LINE_HEIGHT * len(label.lines)
    down = min(max(label.down, frame.top + LINE_HEIGHT), frame.bottom - height + LINE_HEIGHT - GAP)
    return replace(label, across=across, down=down)


def _places(label: Label, frame: Box) -> list[Label]:
    """Return the places to try, the nearest first, that lie inside the frame."""
    shifts = [0.0] + [sign * step * LINE_HEIGHT / 2 for step in range(1, STEPS) for sign in (1, -1)]
    moved = [replace(label, down=label.down + shift) for shift in shifts]
    return [place for place in moved if place.box.top >= frame.top and place.box.bottom <= frame.bottom]


def _free(label: Label, others: Sequence[Label]) -> bool:
    return not any(label.box.overlaps(other.box) for other in others)
