"""Scales that take their top from a tube's channels, and windows in display units: both made definite for a tube."""

from __future__ import annotations

from typing import Any

import numpy as np

from nkflow.errors import PanelError
from nkflow.fcs.channels import Channel
from nkflow.fcs.panel import find
from nkflow.fcs.sample import Sample
from nkflow.gating.document import MarkerDocument
from nkflow.gating.template import Template

__all__ = ["ranged", "top_of"]

BEYOND = 0.001  # of the events above the stated range: then the range is no range
FEW = 20_000  # events are enough to see it


def ranged(template: Template, sample: Sample) -> Template:
    """Return `template` with ``T: range`` replaced by the top of the tube's channel, and windows in data units.

    A template without either is returned as it is. Channels that the tube lacks keep the stand-in.
    """
    document: dict[str, Any] = template.document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    scales = [name for name, scale in document.get("scales", {}).items() if scale.get("T") == "range"]
    windows = [cut for cut in document.get("cuts", ()) if cut.get("space") == "display"]
    if not scales and not windows:
        return template
    for name in scales:
        document["scales"][name]["T"] = _top(template, sample, name)
    made = template.changed(document)
    for cut in windows:
        del cut["space"]
        find = cut["find"]
        if find["kind"] == "ellipse" and find["y"] in made.scales:
            find["y_window"] = [float(made.scales[find["y"]].inverse(end)) for end in find["y_window"]]
        scale = made.scales.get(cut["channel"])
        if scale is not None:
            cut["window"] = [float(scale.inverse(end)) for end in cut["window"]]
            for method in (cut["find"], cut.get("otherwise") or {}):
                if "prefer" in method:
                    method["prefer"] = [float(scale.inverse(end)) for end in method["prefer"]]
    return template.changed(document)


def _top(template: Template, sample: Sample, name: str) -> float:
    aliases = template.panel.get(name, MarkerDocument()).aliases
    try:
        channel = sample.channels[find(sample.channels, name, aliases).index]
    except PanelError:
        return float(template.scales[name].parameters["T"])
    return top_of(sample, channel)


def top_of(sample: Sample, channel: Channel) -> float:
    """Return the top of a channel in data units: its range, or its largest value where the range is wrong or missing.

    Of a logarithmic channel the range stands for all its decades.
    """
    values = sample.values([channel.name])[:: 1 + sample.n_events // FEW, 0]
    values = values[np.isfinite(values)]
    stated = _stated(channel)
    if stated > 0 and (not len(values) or np.mean(values > stated) <= BEYOND):
        return stated
    return float(max(values.max(initial=0.0), 1.0))


def _stated(channel: Channel) -> float:
    if channel.log is not None:
        decades, offset = channel.log
        return float(offset * 10.0**decades)
    return float(channel.range or 0.0) / channel.gain
