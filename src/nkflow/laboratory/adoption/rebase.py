"""The draft's document: names, matrix, scales, windows and numbers of the laboratory in the template's place."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nkflow.compensation import Spillover
from nkflow.errors import GateError, PanelError
from nkflow.fcs.panel import find
from nkflow.fcs.sample import Sample
from nkflow.gating.adaptive.fixed_numbers import numbers_in
from nkflow.gating.adaptive.order import entries_set
from nkflow.gating.adaptive.ranged import top_of
from nkflow.gating.gate_document import gate_document
from nkflow.gating.gates import Gate
from nkflow.gating.moving import moved
from nkflow.gating.template import Template
from nkflow.laboratory.adoption.adopted import AdoptedCut
from nkflow.scales.estimate import estimate_logicle

__all__ = ["with_matrix", "with_names", "with_own_cuts", "with_own_scales"]

SAME_TOP = 1.01  # a channel's range up to so much from the scale's top is the same


def with_names(template: Template, sample: Sample, given: Mapping[str, str]) -> Template:
    """Return the template with the laboratory's names of its markers as aliases: those `given`, and as found."""
    document = _plain(template)
    for marker, own in document.get("panel", {}).items():
        aliases = list(own.get("aliases", ()))
        if marker in given:
            aliases.insert(0, given[marker])
        try:
            channel = sample.channels[find(sample.channels, marker, aliases).index]
        except PanelError:
            continue  # an optional marker that this laboratory does not stain
        name = channel.marker or channel.name
        if name not in (marker, *aliases):
            aliases.append(name)
        if aliases:
            own["aliases"] = list(dict.fromkeys(aliases))
    return template.changed(document)


def with_matrix(template: Template, matrix: Spillover) -> Template:
    """Return the template with the laboratory's own matrix in it."""
    document = _plain(template)
    document["compensation"] = {
        **document.get("compensation", {}),
        "policy": "template",
        "matrix": {
            "dyes": list(matrix.names),
            "detectors": list(matrix.detectors),
            "rows": [[float(value) for value in row] for row in matrix.matrix],
        },
    }
    return template.changed(document)


def with_own_scales(template: Template, samples: Sequence[Sample]) -> tuple[Template, tuple[str, ...]]:
    """Return the template with the tops of its scales from the channels' ranges, and the channels that changed.

    Windows keep their part of the range: there they are looked for first. A logicle scale whose top changes gets its
    width from the negatives of the tubes (median of up to five).
    """
    document, changed = _plain(template), []
    wanted: list[tuple[int, str, float]] = []
    for name, scale in document.get("scales", {}).items():
        if not isinstance(scale.get("T"), int | float):
            continue
        aliases = template.panel[name].aliases if name in template.panel else ()
        channels = [sample.channels[find(sample.channels, name, aliases).index] for sample in samples[:5]]
        top = max(top_of(sample, channel) for sample, channel in zip(samples, channels, strict=False))
        if 1 / SAME_TOP <= top / scale["T"] <= SAME_TOP:
            continue
        for cut in document["cuts"]:
            if (
                cut["channel"] == name
                and cut.get("space") != "display"
                and cut["find"]["kind"] != "singlet-band"
            ):
                cut["window"] = [end * top / scale["T"] for end in cut["window"]]
        for cut in document["cuts"]:
            if cut["find"].get("y") == name and cut.get("space") != "display":
                cut["find"]["y_window"] = [end * top / scale["T"] for end in cut["find"]["y_window"]]
        wanted += _times(template, name, top / scale["T"])
        scale["T"] = float(f"{top:.9g}")
        if scale["kind"] == "logicle":
            widths = [
                _width(sample, channel.name, top=top, M=scale["M"])
                for sample, channel in zip(samples, channels, strict=False)
            ]
            scale["W"] = round(min(max(statistics.median(widths), 0.2), 1.5), 2)
        changed.append(name)
    gates = _numbered([population.gate for population in template.populations], wanted)
    return template.changed(_with_gates(document, gates)), tuple(changed)


def _times(template: Template, channel: str, factor: float) -> list[tuple[int, str, float]]:
    """Return (entry, number, value) of the numbers on a channel, in data units, times `factor`."""
    return [
        (entry, number, value * factor)
        for entry, population in enumerate(template.populations)
        for number, on, value in numbers_in(population.gate)
        if on == channel and value is not None and getattr(population.gate, "space", "") == "data"
    ]


def _with_gates(document: dict[str, Any], gates: Sequence[Gate]) -> dict[str, Any]:
    for gate, entry in zip(gates, document["populations"], strict=True):
        entry["gate"] = gate_document(gate).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return document


def _width(sample: Sample, channel: str, *, top: float, M: float) -> float:
    values = sample.values([channel])[:, 0]
    matrix = sample.spillover
    if matrix is not None and channel in matrix.detectors:
        of = list(matrix.detectors).index(channel)
        values = matrix.apply(sample.values(list(matrix.detectors)))[:, of]
    return float(estimate_logicle(np.ascontiguousarray(values), T=top, M=M).W)


def with_own_cuts(template: Template, cuts: Sequence[AdoptedCut]) -> Template:
    """Return the template with the laboratory's windows, each with its rule, and medians as the gates' numbers."""
    document = _plain(template)
    wanted: list[tuple[int, str, float]] = []
    for cut, written in zip(cuts, document["cuts"], strict=True):
        written["window"] = list(cut.after)
        written["set_on"] = cut.reason if cut.own is None else cut.own.text
        if cut.outline is not None:
            written["find"] |= {"y_window": list(cut.outline.y_after), "size": list(cut.outline.size_after)}
        if cut.shift is not None:
            written["set_on"] += f"; {cut.shift.text}"
            if cut.shift.after is None:
                del written["otherwise"]
            else:
                written["otherwise"]["shift"] = list(cut.shift.after)
        if cut.value is None:
            continue
        original = next(each for each in template.document.cuts if each.name == cut.name)
        wanted += [
            (entry, number, cut.value) for entry, number in entries_set(original, template.tree).items()
        ]
    gates = _numbered([population.gate for population in template.populations], wanted)
    return template.changed(_with_gates(document, gates))


def _numbered(gates: list[Gate], wanted: list[tuple[int, str, float]]) -> list[Gate]:
    """Return the gates with their numbers set; a low end above the old high end waits for the new one."""
    waiting = list(wanted)
    while waiting:
        later = []
        for entry, number, value in waiting:
            try:
                gates[entry] = moved(gates[entry], number, value)
            except GateError:
                later.append((entry, number, value))
        if len(later) == len(waiting):
            break  # medians that cross: the shipped numbers stay, which no adaptive template uses by themselves
        waiting = later
    return gates


def _plain(template: Template) -> dict[str, Any]:
    return template.document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
