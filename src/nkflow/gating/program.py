"""The program that a bound template becomes: flat, printable, the same for every block."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from nkflow.gating.bind import Binding
from nkflow.gating.block import SIZE, Block
from nkflow.gating.columns import Columns
from nkflow.gating.drawing import Drawing
from nkflow.gating.pools import Coded, constants_of
from nkflow.kernels.program import Constants

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
    columns
        What is decoded, compensated and divided.
    steps
        What is done with it, one after another.
    n_shown, n_bins
        Rows of display units that are needed at a time; rows of bins.
    drawings
        What goes into histograms, by number.
    find_losses
        Returns what `losses` holds.
    not_evaluable
        Population -> why.
    evaluated
        The populations that the steps evaluate, without those that are recalled.
    """

    binding: Binding
    columns: Columns
    steps: tuple[Coded, ...]
    n_shown: int
    n_bins: int
    drawings: tuple[Drawing, ...]
    find_losses: Callable[[], Iterable[Loss]]
    not_evaluable: dict[int, str]
    evaluated: frozenset[int]

    @property
    def n_populations(self) -> int:
        """Number of populations, without root."""
        return len(self.binding.template.tree.nodes)

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """For the count of non-finite events; few tubes have any."""
        return tuple(self.find_losses())

    @cached_property
    def constants(self) -> Constants:
        """The steps as the kernel takes them, compensations first."""
        sizes = [math.prod(drawing.shape) for drawing in self.drawings]
        return constants_of((*self.columns.coded, *self.steps), accumulate(sizes, initial=0))

    def block(self, size: int = SIZE) -> Block:
        """Return working memory of one thread for `size` events, a multiple of 64."""
        return Block(
            columns=len(self.columns.labels) + self.n_shown,
            populations=self.n_populations,
            bins=self.n_bins,
            histograms=[drawing.shape for drawing in self.drawings],
            size=size,
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """The program in words, a step a line."""
        template, binding = self.binding.template, self.binding
        decode = self.columns.decode
        names = ", ".join(self.columns.labels[: len(decode)]) or "none"
        return (
            f"{template.name} {template.version} (sha256 {template.sha256[:12]})",
            f"decode {len(decode)} of {len(binding.channels)} channels: {names}",
            *(step.text for step in self.columns.steps),
            *(step.text for step in self.steps),
            *(
                f"not evaluable: {template.tree.nodes[i].path}: {why}"
                for i, why in self.not_evaluable.items()
            ),
        )
