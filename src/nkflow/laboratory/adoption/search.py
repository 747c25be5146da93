"""The cuts of a template in many tubes of another instrument: its windows are widened until the cuts are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nkflow.errors import DataError
from nkflow.fcs.sample import Sample
from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.document import EllipseMethod
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.ranged import ranged
from nkflow.gating.adaptive.resolution import Resolution, Resolved
from nkflow.gating.adaptive.resolve import resolve
from nkflow.gating.template import Template
from nkflow.scales import Scale

__all__ = ["FoundIn", "place_of", "searched"]

WIDER = (1.0, 2.0, 4.0, 8.0)  # times a window's half-width; then anywhere on the scale
ENOUGH = 0.8  # of the tubes
ANYWHERE = (-0.2, 1.2)  # display units
SIZES = EllipseMethod.model_fields["size"].default  # where the template says nothing


@dataclass(frozen=True, eq=False)
class FoundIn:
    """One tube with its cuts, or the reason why it has none."""

    name: str
    group: str
    sample: Sample = field(repr=False)
    fmos: Mapping[str, Sample] = field(repr=False)
    resolution: Resolution | None = None
    problem: str = ""

    def cut(self, name: str) -> Resolved | None:
        """Return a cut of this tube."""
        return None if self.resolution is None else self.resolution[name]


def place_of(cut: Resolved) -> float | None:
    """Return where a cut lies, display units; of a band how far below the line its lower edge is; of an
    ellipse where its centre is on the first channel; None: no gate."""
    match cut.answer:
        case Cut():
            return cut.answer.at
        case Ellipse():
            return cut.answer.centre[0]
        case Band():
            return -cut.answer.lower
        case NoGate():
            return None


def searched(
    template: Template, tubes: Sequence[FoundIn], *, progress: Callable[[str], None]
) -> tuple[tuple[FoundIn, ...], Mapping[str, float]]:
    """Return the tubes with their cuts, and cut -> how much wider than the template's its window had to be.

    All cuts are looked for inside the template's windows first. Those that are not found in `ENOUGH` of the tubes are
    looked for in wider ones, until they are or the whole scale was looked at; cuts below them wait.
    """
    wider = {cut.name: 0 for cut in template.document.cuts}
    while True:
        factors = {name: _factor(step) for name, step in wider.items()}
        plan = {name: factor for name, factor in factors.items() if factor != 1.0}
        progress("looking for the cuts" if not plan else f"looking again, wider: {', '.join(plan)}")
        found = tuple(_resolved(template, tube, factors) for tube in tubes)
        usable = [tube for tube in found if tube.resolution is not None]
        late = [name for name in wider if _lacking(name, usable) and wider[name] < len(WIDER)]
        if not late:
            return found, factors
        for name in late:
            wider[name] += 1


def _factor(step: int) -> float:
    return WIDER[step] if step < len(WIDER) else float("inf")


def _lacking(name: str, tubes: Sequence[FoundIn]) -> bool:
    """Tell whether a cut is missing in too many tubes for a reason that a wider window may cure."""
    answers = [cut.answer for tube in tubes if (cut := tube.cut(name)) is not None]
    curable = [
        a for a in answers if isinstance(a, NoGate) and a.reason in ("outside-window", "no-valley", "no-fit")
    ]
    return bool(answers) and len(curable) > (1 - ENOUGH) * len(answers)


def _resolved(template: Template, tube: FoundIn, factors: Mapping[str, float]) -> FoundIn:
    try:
        definite = ranged(template, tube.sample)
        wide = _widened(definite, factors)
        found = resolve(wide, tube.sample, dict(tube.fmos))
    except DataError as problem:
        return FoundIn(tube.name, tube.group, tube.sample, tube.fmos, None, str(problem).splitlines()[0])
    return FoundIn(tube.name, tube.group, tube.sample, tube.fmos, found)


def _widened(template: Template, factors: Mapping[str, float]) -> Template:
    """Return the template with its windows (data units) that much wider on the display."""
    document = template.document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for cut in document["cuts"]:
        factor, scale = factors[cut["name"]], template.scales.get(cut["channel"])
        if factor == 1.0:
            continue
        low, high = cut["window"]
        if cut["find"]["kind"] == "singlet-band" or scale is None:
            cut["window"] = [low / factor, high * factor] if factor < float("inf") else [1e-3, 2.0]
            continue
        cut["window"] = _wider(cut["window"], scale, factor)
        if cut["find"]["kind"] == "ellipse":
            find = cut["find"]
            find["y_window"] = _wider(find["y_window"], template.scales[find["y"]], factor)
            smallest, largest = find.get("size", SIZES)
            wide = factor == float("inf")
            find["size"] = [1e-3, 2.0] if wide else [smallest / factor, largest * factor]
    return template.changed(document)


def _wider(window: Sequence[float], scale: Scale, factor: float) -> list[float]:
    """Return a window (data units) so many times wider on the display; infinite: anywhere on the scale."""
    a, b = (float(scale.forward(end)) for end in window)
    middle, half = (a + b) / 2, (b - a) / 2 * factor
    low, high = ANYWHERE if factor == float("inf") else (middle - half, middle + half)
    return [float(scale.inverse(max(low, ANYWHERE[0]))), float(scale.inverse(min(high, ANYWHERE[1])))]
