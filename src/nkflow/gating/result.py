"""`Gating`: what a template found in a sample."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover
from nkflow.errors import GatingError
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample
from nkflow.gating.bind import Binding
from nkflow.gating.drawing import Drawing, Histogram
from nkflow.gating.evaluable import NotEvaluable
from nkflow.gating.frequency import Frequency, frequency
from nkflow.gating.held import Held
from nkflow.gating.named import ByPopulation, index_of
from nkflow.gating.statistics import Statistics
from nkflow.gating.template import Template
from nkflow.gating.totals import Totals
from nkflow.gating.tree import ROOT

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from nkflow.fitness import Fitness
    from nkflow.gating.adaptive.explanation import Explanation
    from nkflow.gating.adaptive.resolution import GateBoundary, Resolution
    from nkflow.gating.draw import Drawn

__all__ = ["Gating"]


@dataclass(frozen=True, eq=False)
class Gating:
    """The populations of one sample.

    Population names are bare where unique, else paths ``parent/child``; ``root`` is all events.

    Attributes
    ----------
    sample
        What was gated; its events are read again for statistics and values.
    binding
        The template, the channels it found and the matrix that was applied.
    totals, drawings
        What the pass found.
    undrawn
        Populations (-1: root) whose gates the pass did not draw; they are drawn when somebody looks.
    not_evaluable
        Population (by number) -> why.
    given, allow
        The matrix and the tolerances that `gate` was called with, for `update`.
    resolution
        Of an adaptive template: where each cut was found. `template` is then the resolved one.
    held
        Columns of gates that were edited more than once, for `update`.
    """

    sample: Sample
    binding: Binding
    totals: Totals = field(repr=False)
    drawings: tuple[Drawing, ...] = field(repr=False)
    not_evaluable: Mapping[int, str]
    given: Spillover | None = None
    allow: Collection[str] = ()
    undrawn: frozenset[int] = frozenset()
    resolution: Resolution | None = field(default=None, repr=False)
    held: Held = field(default_factory=Held, repr=False)

    @property
    def template(self) -> Template:
        """How it was gated."""
        return self.binding.template

    @property
    def sample_name(self) -> str:
        """The name of the sample."""
        return self.sample.name

    @property
    def n_events(self) -> int:
        """All events."""
        return self.sample.n_events

    @property
    def n_non_finite(self) -> int:
        """Events with a NaN or an infinity in any gated channel."""
        return self.totals.n_non_finite

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know about matrix, channels, reference and non-finite events."""
        found = () if self.resolution is None else self.resolution.findings
        odd = _non_finite_finding(self.n_non_finite, self.sample_name)
        return (*self.binding.findings, *found, *odd, *self._of_fitness)

    @cached_property
    def fitness(self) -> Fitness:
        """Residual slopes of the compensation that was applied, judged by this tube's own events; when asked."""
        from nkflow.gating.fit import fitness_of

        return fitness_of(self)

    @cached_property
    def _of_fitness(self) -> tuple[Finding, ...]:
        from nkflow.gating.fit import fitness_findings

        return fitness_findings(self)

    @property
    def boundaries(self) -> tuple[GateBoundary, ...]:
        """The boundaries of cuts that were found in the data, with their uncertainty; none of fixed cuts."""
        return () if self.resolution is None else self.resolution.boundaries

    @property
    def paths(self) -> tuple[str, ...]:
        """The full path of every population, in the order of the template."""
        return tuple(node.path for node in self.template.tree.nodes)

    @cached_property
    def counts(self) -> ByPopulation:
        """Population -> events."""
        return self._by_population(self.totals.counts)

    @cached_property
    def non_finite(self) -> ByPopulation:
        """Population -> its events that a NaN or an infinity kept out of every population below it.

        Where the populations without children below one are disjoint and cover it, they and these events sum
        to it.
        """
        return self._by_population(self.totals.non_finite)

    def _by_population(self, numbers: NDArray[np.int64]) -> ByPopulation:
        tree = self.template.tree
        found = {i: int(numbers[i]) for i in range(-1, len(tree.nodes)) if i not in self.not_evaluable}
        return ByPopulation(tree, found, self.not_evaluable)

    def parent(self, name: str) -> str | None:
        """Return the population that `name` is a part of; None for root."""
        index = self._index(name)
        if index < 0:
            return None
        above = self.template.tree.nodes[index].parent
        return ROOT if above < 0 else self.template.tree.keys[above]

    def frequency(self, name: str, of: str | None = None) -> Frequency | NotEvaluable:
        """Return what part of `of` (None: its parent) the population is, with a 95 % Wilson interval."""
        reference = of or self.parent(name) or ROOT
        return frequency(self.counts[name], self.counts[reference], reference)

    def mask(self, name: str) -> NDArray[np.bool_]:
        """Return who is inside, (n_events,) read-only.

        Raises
        ------
        GatingError
            Where the population is unknown or not evaluable, or membership was not kept.
        """
        self.counts[name]  # says why a population is not evaluable
        index = self._index(name)
        if index < 0:
            inside = np.ones(self.n_events, dtype=np.bool_)
        else:
            words = self.membership()
            inside = (words[:, index // 64] >> np.uint64(index % 64) & np.uint64(1)).astype(np.bool_)
        inside.flags.writeable = False
        return inside

    def membership(self) -> NDArray[np.uint64]:
        """Return packed bits (n_events, n_words): with p = `bit`, population p is bit p % 64 of word p // 64."""
        if self.totals.words is None:
            raise GatingError(
                "membership was not kept", code="no-membership", where=self.sample_name,
                next_step="Call gate(..., membership=True); it takes 8 bytes an event.",
            )  # fmt: skip
        return self.totals.words

    def bit(self, name: str) -> int:
        """Return the bit of a population in `membership`."""
        index = self._index(name)
        if index < 0:
            raise GatingError("root has no bit: every event is inside", code="population-unknown", where=name)
        return index

    def events(self, name: str, at_most: int | None = None) -> NDArray[np.int64]:
        """Return the positions of a population's events, ascending; evenly spaced ones where there are more."""
        found = np.flatnonzero(self.mask(name))
        if at_most is None or len(found) <= at_most:
            return found
        return found[np.arange(at_most) * len(found) // at_most]

    def values(self, name: str, channels: Sequence[str] | str) -> NDArray[np.float64]:
        """Return the events of a population in data units, compensated as they were gated: (n, n_channels)."""
        from nkflow.gating.values import values_of

        wanted = (channels,) if isinstance(channels, str) else tuple(channels)
        return values_of(self.sample, self.binding, wanted, self.mask(name))

    def statistics(self, name: str, channel: str) -> Statistics:
        """Return median, mean, CVs, percentiles and more of a population in one channel, in data units."""
        from nkflow.gating.statistics import describe

        return describe(self.values(name, channel)[:, 0])

    @cached_property
    def _drawn(self) -> tuple[Drawn, ...]:
        from nkflow.gating.draw import all_drawn

        return all_drawn(self)

    @cached_property
    def histograms(self) -> tuple[Histogram, ...]:
        """The events of each parent on the axes of the gates below it, with those gates' outlines."""
        from nkflow.gating.figure import outlines_of

        keys = (*self.template.tree.keys, ROOT)
        return tuple(
            Histogram(keys[drawing.parent], drawing.x, drawing.y, counts, outlines_of(self, drawing))
            for drawing, counts in self._drawn
        )

    def histogram(self, name: str) -> Histogram | None:
        """Return the parent's events on the axes of the gate that makes `name`; None for boolean and root."""
        index = self._index(name)
        entry = self.template.tree.nodes[index].entry if index >= 0 else -1
        pairs = zip(self._drawn, self.histograms, strict=True)
        return next((histogram for (drawing, _), histogram in pairs if entry in drawing.entries), None)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Iterate over populations as plain values: name, path, count, `of` what, frequency, interval, note."""
        tree = self.template.tree
        for index, (key, node) in enumerate(zip(tree.keys, tree.nodes, strict=True)):
            row = {"population": key, "path": node.path, "of": self.parent(key)}
            if index in self.not_evaluable:
                yield (
                    row
                    | dict.fromkeys(("count", "frequency", "low", "high"))
                    | {"note": self.not_evaluable[index]}
                )
                continue
            found = self.frequency(key)
            if isinstance(found, NotEvaluable):
                numbers: dict[str, Any] = {"frequency": None, "low": None, "high": None, "note": found.reason}
            else:
                numbers = {"frequency": found.value, "low": found.low, "high": found.high, "note": ""}
            yield row | {"count": self.counts[key]} | numbers

    def table(self) -> pd.DataFrame:
        """Return `rows` as a pandas frame; what is not evaluable is None, with its reason in ``note``."""
        from nkflow.gating.table import frame

        return frame(self.rows())

    def figure(self, name: str) -> go.Figure:
        """Return a plotly figure of the gate that makes `name` over the events of its parent; not shown."""
        from nkflow.gating.figure import population_figure

        return population_figure(self, name)

    def explain(self, name: str) -> Explanation:
        """Return how the cuts on the way to a population were found: density, candidates, choice, window."""
        from nkflow.gating.adaptive.explanation import explanation

        return explanation(self, name)

    def update(self, template: Template, *, threads: int | None = None) -> Gating:
        """Return the gating with an edited template, evaluating only what the edit touches."""
        from nkflow.gating.update import updated

        return updated(self, template, threads=threads)

    def as_dict(self) -> dict[str, Any]:
        """Return template, channels, matrix, counts and findings as plain values, for a record."""
        from nkflow.gating.record import recorded

        return recorded(self)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in list(self.counts.items())[:8])
        more = ", ..." if len(self.counts) > 8 else ""
        return f"<Gating of {self.sample_name or 'a sample'} by {self.template.name}: {counts}{more}>"

    def _repr_html_(self) -> str:
        return str(self.table().to_html(index=False, escape=True, na_rep=""))

    def _index(self, name: str) -> int:
        return index_of(self.template.tree, name)


def _non_finite_finding(count: int, name: str) -> tuple[Finding, ...]:
    if not count:
        return ()
    text = f"{count} events have a value that is NaN or infinite in a gated channel"
    return (Finding("non-finite", "warning", text, name, "outside every geometric gate"),)
