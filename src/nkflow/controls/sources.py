"""The controls and unstained tubes that a caller hands over, in any of the forms that are easy to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nkflow.controls.detectors import detectors
from nkflow.controls.tube import Source, Tube, tube_of
from nkflow.errors import CompensationError
from nkflow.fcs.panel import find
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample

__all__ = ["Unstained", "control_tubes", "negative_tubes"]

Unstained = Source | Sequence[Source] | Mapping[str, Source] | None


def control_tubes(controls: Mapping[str, Source]) -> tuple[dict[str, Tube], tuple[str, ...]]:
    """Return detector -> tube, and the detectors that all tubes have; keys are `$PnN` or markers.

    Raises
    ------
    CompensationError
        ``no-controls``, ``controls-unusable`` (two for one detector, one for a channel that is none),
        ``other-detectors``, ``already-compensated``.
    PanelError
        A key that names no channel, or several.
    """
    if not controls:
        raise CompensationError("there is no control", code="no-controls", expected="one for each dye")
    samples = {key: _sample(source) for key, source in controls.items()}
    names = tuple(channel.name for channel in detectors(next(iter(samples.values()))))
    tubes: dict[str, Tube] = {}
    for key, sample in samples.items():
        name = sample.channels[find(sample.channels, key).index].name
        if name not in names or name in tubes:
            raise CompensationError(
                "two controls for one detector" if name in tubes else "a control for a channel that is no detector",
                code="controls-unusable", where=sample.name, found=name, expected=", ".join(names),
            )  # fmt: skip
        tubes[name] = tube_of(sample, names)
    return tubes, names


def negative_tubes(
    unstained: Unstained, wanted: Sequence[str], names: tuple[str, ...]
) -> dict[str, tuple[Tube, ...]]:
    """Return key of a control -> the unstained tubes it may take its negative from.

    A mapping goes by the keys in `wanted`, or by what names the same channel.
    """
    if isinstance(unstained, Mapping):
        each: dict[str, tuple[Tube, ...]] = dict.fromkeys(wanted, ())
        for key, source in unstained.items():
            sample = _sample(source)
            name = key if key in each else sample.channels[find(sample.channels, key).index].name
            each[name] = (tube_of(sample, names),)
        return each
    if unstained is None:
        return dict.fromkeys(wanted, ())
    several = (
        unstained if isinstance(unstained, Sequence) and not isinstance(unstained, str) else (unstained,)
    )
    return dict.fromkeys(wanted, tuple(tube_of(source, names) for source in several))


def _sample(source: Source) -> Sample:
    return source if isinstance(source, Sample) else read_fcs(source)
