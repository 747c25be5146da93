"""What has to be said of tubes and cuts when a template is adopted, by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nkflow.fcs.findings import Finding
from nkflow.gating.adaptive.document import FMOMethod
from nkflow.gating.adaptive.found import NoGate
from nkflow.gating.template import Template
from nkflow.laboratory.adoption.adopted import AdoptedCut
from nkflow.laboratory.adoption.own_tubes import OwnTube
from nkflow.laboratory.adoption.search import FoundIn
from nkflow.laboratory.adoption.windows import FEW_LOTS

__all__ = ["FEWEST", "remarks", "unproven", "unreadable"]

FEWEST = 10  # sample tubes, and tubes a cut


def unreadable(tubes: Sequence[OwnTube]) -> Iterator[Finding]:
    """Yield files that can't be read, and FMOs without a marker."""
    for tube in tubes:
        if tube.sample is None:
            yield Finding(
                "tube-unreadable", "warning", f"{tube.name}: {tube.problem}", tube.name, "it is left out"
            )
        elif tube.role == "fmo" and tube.marker is None:
            text = f"{tube.name} is an FMO and does not say of which marker"
            yield Finding("fmo-unclear", "warning", text, tube.name, "it is left out; name it FMO-CD3")


def unproven(template: Template, cuts: Sequence[AdoptedCut]) -> Iterator[Finding]:
    """Yield cuts of the shipped `template` whose draft can't prove by its own tubes that a tube was stained."""
    for shipped, cut in zip(template.document.cuts, cuts, strict=True):
        if not isinstance(shipped.otherwise, FMOMethod) or shipped.otherwise.shift is None:
            continue
        if cut.shift is None:
            low, high = shipped.otherwise.shift
            text = f"{cut.name}: how far stained cells lie above the FMO (shift {low:g} to {high:g}) is not measured"
            yield Finding(
                "shift-kept", "warning", text, cut.name, "give FMOs with tubes of three lots or more, or lots with "
                "hardly any positive cells get no verdict",
            )  # fmt: skip
        elif cut.shift.after is None:
            text = f"{cut.name}: the FMO does not answer for a tube: {cut.shift.text}"
            then = "lots with hardly any positive cells get no verdict"
            yield Finding("shift-none", "warning", text, cut.name, then)


def remarks(tubes: Sequence[FoundIn], cuts: Sequence[AdoptedCut]) -> Iterator[Finding]:
    """Yield what has to be said of tubes and cuts, by name."""
    for tube in tubes:
        if tube.problem:
            yield Finding(
                "tube-failed", "warning", f"{tube.name}: {tube.problem}", tube.name, "it is left out"
            )
    yield from _without_gate(tubes)
    used = [tube for tube in tubes if tube.resolution is not None]
    if len(used) < FEWEST:
        text = f"{len(used)} sample tubes can be used, {FEWEST} are needed"
        yield Finding(
            "few-tubes", "error", text, "", "windows from few tubes are wide, and still may be wrong"
        )
    few = [
        f"{cut.name} in {cut.n}{_why(cut.name, used)}"
        for cut in cuts
        if cut.n < FEWEST and _matters(cut, used)
    ]
    if few and len(used) >= FEWEST:
        text = f"{len(used)} sample tubes can be used, but some cuts are found in fewer than {FEWEST}: {'; '.join(few)}"
        yield Finding("few-tubes", "error", text, "", "their windows rest on too little")
    groups = {tube.group for tube in used}
    if 1 < len(groups) < FEW_LOTS:
        text = f"{len(used)} sample tubes are from {len(groups)} lots"
        yield Finding("few-lots", "warning", text, "", "tubes of one lot are alike; the next lot may not be")
    for cut in cuts:
        if cut.reason and cut.value is not None:
            yield Finding(
                "few-controls", "warning", f"{cut.name}: {cut.reason}", cut.name, "give FMOs of more days"
            )
        for name in cut.strays:
            text = f"{name}: {cut.name} lies far from where it lies in the other tubes"
            yield Finding("cut-stray", "warning", text, name, "it is no part of the window")
        if cut.wider > 1.0:
            text = f"{cut.name} lies outside the shipped window; it was looked for {_times(cut.wider)}"
            yield Finding("window-moved", "info", text, cut.name, "look at it in the pictures")


def _without_gate(tubes: Sequence[FoundIn]) -> Iterator[Finding]:
    """Yield one warning for each cut and reason, with all tubes by name; what only follows from another is left out."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for tube in tubes:
        for cut in () if tube.resolution is None else tube.resolution.cuts:
            answer = cut.answer
            if not isinstance(answer, NoGate) or answer.reason == "no-parent":
                continue
            if not (cut.document.optional and answer.reason == "no-channel"):
                lacking.setdefault((cut.name, answer.message), []).append(tube.name)
    for (name, why), names in lacking.items():
        text = f"no gate for {name} in {', '.join(names)}: {why}"
        yield Finding("no-gate", "warning", text, name, "these tubes say nothing about its window")


def _matters(cut: AdoptedCut, tubes: Sequence[FoundIn]) -> bool:
    """Tell whether a cut that is seldom found is a fault by itself: not below another one, nor of an absent marker."""
    answers = [found.answer for tube in tubes if (found := tube.cut(cut.name)) is not None]
    reasons = [answer.reason for answer in answers if isinstance(answer, NoGate)]
    return any(reason not in ("no-parent", "no-channel") for reason in reasons) or not reasons


def _why(name: str, tubes: Sequence[FoundIn]) -> str:
    """Return the commonest reason why a cut is not found."""
    answers = [cut.answer for tube in tubes if (cut := tube.cut(name)) is not None]
    reasons = [answer.message for answer in answers if isinstance(answer, NoGate)]
    return f" ({max(set(reasons), key=reasons.count)})" if reasons else ""


def _times(wider: float) -> str:
    return f"in one {wider:g} times as wide" if wider < float("inf") else "on the whole scale"
