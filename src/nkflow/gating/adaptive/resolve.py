"""An adaptive template against a tube and its controls: level by level into an ordinary fixed template."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from nkflow.compensation import Spillover
from nkflow.errors import GateError
from nkflow.fcs.sample import Sample
from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.boundaries import boundary_of
from nkflow.gating.adaptive.controls import PROCESS, Controls, fmo_controls, process_controls
from nkflow.gating.adaptive.document import (
    BandMethod,
    CutDocument,
    EllipseMethod,
    FMOMethod,
    Method,
    OpenMethod,
    ValleyMethod,
)
from nkflow.gating.adaptive.ellipse import Ellipse, ellipse_in_windows
from nkflow.gating.adaptive.events import Events
from nkflow.gating.adaptive.find import Answer, band_in_window, find_band, find_cut, find_ellipse, judged
from nkflow.gating.adaptive.found import Cut, Found, NoGate
from nkflow.gating.adaptive.likeness import unlike
from nkflow.gating.adaptive.notices import findings_of
from nkflow.gating.adaptive.order import entries_set, entries_under, ordered
from nkflow.gating.adaptive.ranged import ranged
from nkflow.gating.adaptive.resolution import Resolution, Resolved
from nkflow.gating.adaptive.setting import with_ellipse, with_number, with_outline
from nkflow.gating.adaptive.window import Window, allowed
from nkflow.gating.bind import Binding, bind
from nkflow.gating.gates import Dimension, Gate, Range
from nkflow.gating.template import Template
from nkflow.scales import Scale

__all__ = ["resolve"]

PASS_ALL = -1e300  # below every value a cytometer stores


def resolve(
    template: Template,
    sample: Sample,
    controls: Controls | None = None,
    *,
    spillover: Spillover | None = None,
    allow: Collection[str] = (),
    seed: int = 0,
) -> Resolution:
    """Return `template` with every cut found in `sample` or its controls: an ordinary fixed template.

    Cuts are found in the order in which they need each other, on all events up to 200,000, else on evenly
    spaced runs of 8,192. A cut without a clear answer, or outside its window, is *no gate*: the populations
    that need it are not evaluable, with the reason, in every later step. The same bytes and the same `seed`
    give the same bits.

    Parameters
    ----------
    controls
        See `nkflow.gating.adaptive.controls.fmo_controls`. A control is gated by the cuts of the tube.
    spillover, allow
        As for `nkflow.gate`; a control is compensated as the tube is.
    seed
        Of the bootstrap.
    """
    if controls is not None and not isinstance(controls, Mapping):
        controls = tuple(controls)
    given, template = template, ranged(template, sample)
    binding = bind(sample, template, spillover=spillover, allow=allow)
    tubes = fmo_controls(controls)
    gates = [population.gate for population in template.populations]
    extra = [Dimension(cut.channel) for cut in template.document.cuts]

    def read(control: Sample) -> Events:
        there = bind(control, template, spillover=spillover, allow=allow)
        return Events.read(control, there, gates, extra)

    events = Events.read(sample, binding, gates, extra)
    work = _Work(template, binding, gates, events, read, process_controls(controls))
    cuts = template.document.cuts
    found: dict[int, Resolved] = {}
    for k in ordered(cuts, template.tree) or ():
        marker = next((m.marker for m in (cuts[k].find, cuts[k].otherwise) if isinstance(m, FMOMethod)), None)
        if marker in tubes and marker not in work.fmo:
            work.fmo[marker] = read(tubes[marker])
        found[k] = work.look(cuts[k], seed=seed + k)
    resolved = tuple(found[k] for k in range(len(cuts)))
    lacking = {k for k, gate in enumerate(gates) if any(map(binding.lacks, gate.dimensions))}
    without = lacking | work.refused.keys()
    return Resolution(
        template=template.resolved(gates, work.refused),
        adaptive=given,
        cuts=resolved,
        boundaries=tuple(boundary_of(each, work.events, without) for each in resolved if each.u is not None),
        findings=findings_of(
            resolved,
            has_controls=controls is not None,
            may_lack=[name for name, marker in template.panel.items() if not marker.required],
        ),
        n_events=sample.n_events,
        n_looked=work.events.n,
    )


@dataclass(eq=False)
class _Work:
    """The state of `resolve`: the gates so far, and the entries that got none."""

    template: Template
    binding: Binding
    gates: list[Gate]
    events: Events
    read: Callable[[Sample], Events]
    process: tuple[Sample, ...] = ()
    fmo: dict[str | None, Events] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)

    def look(self, cut: CutDocument, *, seed: int) -> Resolved:
        """Find a cut and put it into its gates, or refuse them."""
        sets = entries_set(cut, self.template.tree)
        scale = self.template.scales.get(cut.channel)
        missing = self._lacks(cut, sets)
        if missing and cut.optional:
            self._pass_all(sets)
            return Resolved(cut, NoGate("no-channel", missing, cut.find.kind, 0), None, "tube", scale)
        first, source = self._answer(cut, cut.find, missing, seed=seed)
        answer = first
        if isinstance(first, NoGate) and first.reason not in ("no-channel", "no-parent", "outside-window"):
            if isinstance(cut.otherwise, OpenMethod):
                opened = self._opened(cut, first, sets)
                return Resolved(cut, first, None, source, scale, opened=opened)
            if cut.otherwise is not None:
                answer, source = self._otherwise(cut, cut.otherwise, first, seed=seed)
        value = None
        if isinstance(answer, Cut):
            answer = self._judged(cut, answer)
            value = answer.at if scale is None else float(scale.inverse(answer.at))
        answer, value = self._set(cut, answer, value, sets)
        instead = first if isinstance(first, NoGate) and not isinstance(answer, NoGate) else None
        other = self.template.scales.get(cut.find.y) if isinstance(cut.find, EllipseMethod) else None
        return Resolved(cut, answer, value, source, scale, instead, other)

    def _lacks(self, cut: CutDocument, sets: Mapping[int, str]) -> str:
        dimensions = [Dimension(cut.channel), *(d for entry in sets for d in self.gates[entry].dimensions)]
        return next(filter(None, map(self.binding.lacks, dimensions)), "")

    def _pass_all(self, sets: Mapping[int, str]) -> None:
        """Let the gates of an absent optional channel pass every event that has a number in another channel."""
        dimensions = [d for entry in sets for d in self.gates[entry].dimensions]
        dimensions += [d for gate in self.gates for d in gate.dimensions]
        there = next(dimension for dimension in dimensions if not self.binding.lacks(dimension))
        for entry in sets:
            self.gates[entry] = Range(there, low=PASS_ALL)

    def _refuse(self, cut: CutDocument, answer: NoGate, sets: Mapping[int, str]) -> None:
        for entry in sets:
            self.refused[entry] = f"{cut.name}: {answer.message}"

    def _opened(self, cut: CutDocument, answer: NoGate, sets: Mapping[int, str]) -> bool:
        """Leave the gates without an end there; False, and refused, where that leaves a gate without any."""
        try:
            changed = {entry: with_number(self.gates[entry], number, None) for entry, number in sets.items()}
        except GateError:
            self._refuse(cut, answer, sets)
            return False
        for entry, gate in changed.items():
            self.gates[entry] = gate
        return True

    def _otherwise(self, cut: CutDocument, method: Method, first: NoGate, *, seed: int) -> tuple[Answer, str]:
        """Return the second method's answer; where it has none either, `first` with both reasons."""
        second, source = self._answer(cut, method, "", seed=seed)
        if isinstance(method, FMOMethod) and method.shown_in is not None and isinstance(second, Cut):
            why = self._not_shown(cut, method, seed=seed)
            second = NoGate("no-control", why, method.kind, second.n) if why else second
        if isinstance(second, NoGate):
            message = f"{first.message}; nor by {method.kind}: {second.message}"
            return replace(first, message=message, candidate=second.candidate or first.candidate), "tube"
        return second, source

    def _not_shown(self, cut: CutDocument, method: FMOMethod, *, seed: int) -> str:
        """Return why the marker may not have been stained, or stained dimly; empty where it was."""
        marker, dimension, of = method.marker, Dimension(cut.channel), self.template.tree.find(cut.of)[0]
        window = self._window(cut.channel, cut.window)
        if not self.process:
            return f"there is no {PROCESS} to show that {marker} was stained"
        for sample in self.process:
            values = self.read(sample).display(dimension, of)
            found = allowed(find_cut(cut.find, values, window=window, seed=seed), window)
            if isinstance(found, NoGate):
                return f"the {PROCESS} does not show {marker} either: {found.message}"
        control = self.fmo[marker].display(dimension, of)
        assert method.shift is not None  # the document saw to it
        tube = self.events.display(dimension, of)
        why = unlike(tube, control, end=window.high, shift=method.shift)
        return f"the tube is not like its control: {why}" if why else ""

    def _answer(self, cut: CutDocument, method: Method, missing: str, *, seed: int) -> tuple[Answer, str]:
        """Return what `method` answers and where it looked."""
        kind = method.kind
        of = self.template.tree.find(cut.of)[0]
        below = self.refused.keys() & entries_under(self.template.tree, (cut.of, *cut.judged_in))
        if missing:
            return NoGate("no-channel", missing, kind, 0), "tube"
        if below:
            text = f"{cut.of} has no gate itself: {self.refused[min(below)]}"
            return NoGate("no-parent", text, kind, 0), "tube"
        if isinstance(method, BandMethod):
            return self._band(cut, method, of, seed=seed), "tube"
        if isinstance(method, EllipseMethod):
            return self._ellipse(cut, method, of, seed=seed), "tube"
        events, source = self.events, "tube"
        if isinstance(method, FMOMethod):
            source = f"FMO {method.marker}"
            if method.marker not in self.fmo:
                return NoGate(
                    "no-control", f"there is no FMO control without {method.marker}", kind, 0
                ), source
            events = self.fmo[method.marker]
        window = self._window(cut.channel, cut.window)
        prefer = method.prefer if isinstance(method, ValleyMethod) else None
        preferred = None if prefer is None else self._window(cut.channel, prefer)
        values = events.display(Dimension(cut.channel), of)
        found: Found = find_cut(method, values, window=window, prefer=preferred, seed=seed)
        return _in_data_units(allowed(found, window), self.template.scales.get(cut.channel)), source

    def _band(self, cut: CutDocument, method: BandMethod, of: int, *, seed: int) -> Band | NoGate:
        entry = next(iter(entries_set(cut, self.template.tree)))
        area, height = (self.events.inside(dimension, of) for dimension in self.gates[entry].dimensions)
        return band_in_window(find_band(method, area, height, seed=seed), cut.window)

    def _ellipse(self, cut: CutDocument, method: EllipseMethod, of: int, *, seed: int) -> Ellipse | NoGate:
        entry = next(iter(entries_set(cut, self.template.tree)))
        points = np.column_stack([self.events.display(d, of) for d in self.gates[entry].dimensions])
        windows = self._window(cut.channel, cut.window), self._window(method.y, method.y_window)
        found = find_ellipse(method, points, windows=windows, seed=seed)
        if isinstance(found, NoGate):
            return found
        scales = self.template.scales
        place = (
            float(scales[cut.channel].inverse(found.centre[0])),
            float(scales[method.y].inverse(found.centre[1])),
        )
        return ellipse_in_windows(found, windows, size=method.size, place=place)

    def _window(self, channel: str, ends: tuple[float, float]) -> Window:
        scale = self.template.scales.get(channel)
        return Window(*(ends if scale is None else scale.forward(np.array(ends)).tolist()))

    def _judged(self, cut: CutDocument, found: Cut) -> Cut:
        for name in cut.judged_in:
            values = self.events.display(Dimension(cut.channel), self.template.tree.find(name)[0])
            found = judged(found, values)
        return found

    def _set(
        self, cut: CutDocument, answer: Answer, value: float | None, sets: Mapping[int, str]
    ) -> tuple[Answer, float | None]:
        """Put the answer into the gates; an answer that leaves a gate empty is none."""
        changed: dict[int, Gate] = {}
        try:
            for entry, number in sets.items():
                if isinstance(answer, Band):
                    changed[entry] = with_outline(self.gates[entry], answer.vertices())
                elif isinstance(answer, Ellipse):
                    changed[entry] = with_ellipse(self.gates[entry], answer)
                elif value is not None and math.isfinite(value):
                    changed[entry] = with_number(self.gates[entry], number, value)
        except GateError as problem:
            assert not isinstance(answer, Band | Ellipse)
            answer, value = (
                NoGate("no-fit", f"the gate would be empty: {problem}", answer.method, answer.n),
                None,
            )
        if isinstance(answer, NoGate):
            self._refuse(cut, answer, sets)
            return answer, None
        for entry, gate in changed.items():
            self.gates[entry] = gate
        return answer, value


def _in_data_units(found: Found, scale: Scale | None) -> Found:
    """Return *no gate* with the places elsewhere in its message, in data units as people read them."""
    if not isinstance(found, NoGate) or not found.elsewhere:
        return found
    values = (at if scale is None else float(scale.inverse(at)) for at in found.elsewhere)
    places = ", ".join(f"{value:.4g}" for value in values)
    return replace(found, message=f"{found.message}; there are valleys at {places}")
