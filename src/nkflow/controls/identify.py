"""Which file is which control: by what the file says, checked against the detector it is brightest in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from nkflow.controls.detectors import detectors
from nkflow.controls.diagnose import peak
from nkflow.controls.dyes import FAMILIES, best_match, family, says_unstained
from nkflow.controls.gated import gate_control
from nkflow.controls.tube import Tube, tube_of
from nkflow.errors import CompensationError
from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample

__all__ = ["Decision", "Identified", "identify", "identify_dyes"]

_KEYWORDS = ("TUBE NAME", "TUBENAME", "$FIL", "$SRC", "$SMNO")
SPECTRAL = 30  # detectors: more than an instrument has that compensates
_OTHER = ("fmo", "full", "sample", "multi")

Role = Literal["control", "unstained", "not used"]


@dataclass(frozen=True)
class Decision:
    """What one file was taken for, and why."""

    file: str
    role: Role
    detector: str
    reason: str
    by_brightness: bool = False


@dataclass(frozen=True, eq=False)
class Identified:
    """The controls of a folder.

    Attributes
    ----------
    controls
        Detector -> sample.
    unstained
        The unstained samples.
    decisions
        One per file, in the order given.
    """

    controls: dict[str, Sample] = field(repr=False)
    unstained: tuple[Sample, ...] = field(repr=False)
    decisions: tuple[Decision, ...]


def identify(samples: Sequence[Sample]) -> Identified:
    """Find out which sample is which control.

    In this order: a marker on one detector only (`$PnS`); the dye or marker in ``TUBE NAME``, `$FIL` or the file's
    name (the longest dye name wins: APC-Cy7 before APC); the detector in which the tube is brightest. Where a
    name decided and the brightness says otherwise, the name stands, and measuring the matrix reports it. A tube
    that only its brightness speaks for does not take the place of one with a name.

    Raises
    ------
    CompensationError
        ``controls-unclear``: two files for one detector, or no control at all.
    """
    if not samples:
        raise CompensationError("there is no FCS file", code="controls-unclear")
    dark = [sample for sample in samples if says_unstained(_text(sample))]
    negatives = [tube_of(sample) for sample in dark]
    decided = [_unstained(one) if one in dark else _decide(one, negatives) for one in samples]
    by_name = {one.detector: one.file for one in decided if one.role == "control" and not one.by_brightness}
    decisions = tuple(_second_to_names(one, by_name) for one in decided)
    controls: dict[str, Sample] = {}
    for sample, decision in zip(samples, decisions, strict=True):
        if decision.role == "control":
            if decision.detector in controls:
                raise _twice(decision, controls[decision.detector], len(detectors(sample)))
            controls[decision.detector] = sample
    if not controls:
        raise CompensationError(
            "no file is a single-stain control", code="controls-unclear",
            found="; ".join(f"{decision.file}: {decision.reason}" for decision in decisions),
            next_step="Write a table with the columns name and channel.",
        )  # fmt: skip
    return Identified(controls, tuple(dark), decisions)


def identify_dyes(samples: Sequence[Sample]) -> Identified:
    """Find out which samples are controls of a spectral instrument: each is a dye of its own, named by its tube.

    Raises
    ------
    CompensationError
        ``controls-unclear``: no control at all, or two of one name.
    """
    controls: dict[str, Sample] = {}
    decisions = []
    dark = [sample for sample in samples if says_unstained(_text(sample))]
    for sample in samples:
        if sample in dark:
            decisions.append(_unstained(sample))
            continue
        name = _texts(sample)[0]
        decision = Decision(sample.name, "control", name, "every tube that is not unstained is a dye")
        decisions.append(decision)
        if name in controls:
            raise _twice(decision, controls[name])
        controls[name] = sample
    if not controls:
        raise CompensationError("no file is a single-stain control", code="controls-unclear")
    return Identified(controls, tuple(dark), tuple(decisions))


def _unstained(sample: Sample) -> Decision:
    return Decision(sample.name, "unstained", "", f"its name says so: {_short(sample)}")


def _decide(sample: Sample, negatives: Sequence[Tube]) -> Decision:
    channels = detectors(sample)
    marked = [channel for channel in channels if channel.marker]
    if len(marked) == 1:
        reason = f"the only channel with a marker is {marked[0].name} ({marked[0].marker})"
        return Decision(sample.name, "control", marked[0].name, reason)
    for text in _texts(sample):
        channel, matched = _named(text, channels)
        if channel is not None:
            return Decision(sample.name, "control", channel.name, f"{matched} in {text!r}")
    if any(best_match(text, [word]) for text in _texts(sample) for word in _OTHER):
        return Decision(sample.name, "not used", "", f"its name is not that of a control: {_short(sample)}")
    brightest = _brightest(sample, negatives)
    if brightest is not None:
        reason = f"no name decides, and it is brightest in {brightest}"
        return Decision(sample.name, "control", brightest, reason, by_brightness=True)
    return Decision(sample.name, "not used", "", "neither its name nor its brightness says what it is")


def _second_to_names(decision: Decision, by_name: dict[str, str]) -> Decision:
    """Return the decision about one file, given detector -> file of those that a name decided."""
    if not decision.by_brightness or decision.detector not in by_name:
        return decision
    reason = f"{decision.reason}, whose control is {by_name[decision.detector]}: a sample?"
    return Decision(decision.file, "not used", "", reason, by_brightness=True)


def _named(text: str, channels: Sequence[Channel]) -> tuple[Channel | None, str]:
    """Return the channel that a text names: by its own name, its marker, or a dye of its family."""
    by_name = {channel.name.removesuffix("-A"): channel for channel in channels}
    markers = {channel.marker: channel for channel in channels if channel.marker}
    families: dict[int, Channel] = {}
    for channel in channels:
        number = family(channel.name)
        if number is not None:
            families.setdefault(number, channel)
    dyes = {dye: families[number] for number in families for dye in FAMILIES[number]}
    found = best_match(text, [dye for names in FAMILIES for dye in names] + list(by_name))
    known = {**dyes, **by_name}
    if found is not None and found[0] in known:
        return known[found[0]], f"{found[0]} stands"
    marked = best_match(text, list(markers))
    if found is None and marked is not None:
        return markers[marked[0]], f"the marker {marked[0]} stands"
    return None, ""


def _brightest(sample: Sample, negatives: Sequence[Tube]) -> str | None:
    tube = tube_of(sample)
    for own in range(len(tube.detectors)):
        control = gate_control(tube, own, negatives)
        if control.source:
            return peak(control)
    return None


def _texts(sample: Sample) -> list[str]:
    """Return what a file says about itself, the most deliberate first."""
    stem = sample.name.rsplit(".", 1)[0]
    texts = [sample.keywords.text(key) for key in _KEYWORDS]
    return [text for text in (texts[0], texts[1], stem, texts[2], texts[3], texts[4]) if text]


def _text(sample: Sample) -> str:
    return " ".join(_texts(sample)[:3])


def _short(sample: Sample) -> str:
    return repr(_texts(sample)[0]) if _texts(sample) else "it has none"


def _twice(decision: Decision, other: Sample, detectors: int = 0) -> CompensationError:
    hint = (
        " On a spectral instrument each dye has its own spectrum: --spectra." if detectors > SPECTRAL else ""
    )
    return CompensationError(
        f"two files are the control for {decision.detector}", code="controls-unclear",
        found=f"{other.name} and {decision.file} ({decision.reason})", expected="one",
        next_step=f"Move one of them away, or write a table with the columns name and channel.{hint}",
    )  # fmt: skip
