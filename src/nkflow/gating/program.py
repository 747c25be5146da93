"""The program that a bound template becomes: flat, printable, the same for every block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.bind import Binding
from nkflow.gating.block import Block
from nkflow.gating.drawing import Drawing
from nkflow.gating.steps import Step

__all__ = ["Loss", "Program"]


@dataclass(frozen=True)
class Loss:
    """Where events without a number get lost: in `population`, in none of `leaves`, non-finite in a column."""

    population: int
    leaves: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Program:
    """What is done to every block of events.

    Attributes
    ----------
    decode
        File columns to decode, into the first columns of the block.
    columns
        Words for each column of the block: decoded, compensated, ratios.
    steps
        What is done then, one after another.
    n_points
        Rows of display units that are needed at a time.
    drawings
        What goes into histograms, by number.
    losses
        For the count of non-finite events.
    evaluated
        Populations that the program evaluates; the others are recalled, or not evaluable.
    not_evaluable
        Population -> why.
    """

    binding: Binding
    decode: NDArray[np.int64]
    columns: tuple[str, ...]
    steps: tuple[Step, ...]
    n_points: int
    drawings: tuple[Drawing, ...]
    losses: tuple[Loss, ...]
    evaluated: frozenset[int]
    not_evaluable: dict[int, str]

    @property
    def n_populations(self) -> int:
        """Number of populations, without root."""
        return len(self.binding.template.tree.nodes)

    def block(self) -> Block:
        """Return working memory for one thread."""
        return Block(
            columns=len(self.columns),
            populations=self.n_populations,
            points=self.n_points,
            histograms=[drawing.shape for drawing in self.drawings],
        )

    @property
    def text(self) -> str:
        """The program in words, a step a line."""
        template = self.binding.template
        nodes = template.tree.nodes
        lines = [
            f"{template.name} {template.version} (sha256 {template.sha256[:12]})",
            "for every block of events:",
        ]
        decoded = ", ".join(self.columns[: len(self.decode)])
        lines.append(
            f"  decode {len(self.decode)} of {len(self.binding.channels)} channels: {decoded or 'none'}"
        )
        lines += [f"  {step.text}" for step in self.steps]
        lines += [f"  not evaluable: {nodes[index].path}: {why}" for index, why in self.not_evaluable.items()]
        return "\n".join(lines)
