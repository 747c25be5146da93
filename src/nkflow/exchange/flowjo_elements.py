"""Elements of a FlowJo workspace as they are written: transformations, matrices, gates, keywords."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nkflow.compensation import Spillover
from nkflow.exchange.flowjo_axes import Axis
from nkflow.exchange.gatingml_elements import add, lexical
from nkflow.exchange.gatingml_nodes import DATA, GATING, TRANSFORMS
from nkflow.fcs.sample import Sample
from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["add_axis", "add_keywords", "add_matrix", "add_points", "add_shape", "plain", "speakable"]

_LENGTH = "256"
_WANTED = re.compile(r"\$(P\d+[BERGS]|TIMESTEP|CYT|DATE|BTIM|ETIM|FIL|DATATYPE|BYTEORD|MODE)")
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def speakable(text: str) -> str:
    """Return `text` without what XML can't hold."""
    return _UNSPEAKABLE.sub("", text)


def plain(parent: _Element, tag: str, **attributes: str) -> _Element:
    """Append an element of FlowJo's own, without a namespace."""
    from lxml import etree

    made = etree.SubElement(parent, tag)
    for name, value in attributes.items():
        made.set(name, speakable(value))
    return made


def add_axis(parent: _Element, name: str, axis: Axis) -> None:
    """Append the transformation of the channel that gates call `name`."""
    match axis.scale:
        case None | Linear():
            ends = {"minRange": axis.low, "maxRange": axis.high}
            made = _transformation(parent, "linear", ends)
            made.set("gain", "1")
        case Log():
            made = _transformation(parent, "log", {"offset": axis.low, "decades": axis.scale.M})
        case Biex() as scale:
            parameters = {
                "maxRange": scale.max_range,
                "neg": scale.neg,
                "width": scale.width_basis,
                "pos": scale.pos,
            }
            made = _transformation(parent, "biex", parameters, _LENGTH)
        case Arcsinh() as scale:
            parameters = {**scale.parameters, "W": 0.0, "maxRange": scale.T}
            made = _transformation(parent, "fasinh", parameters, _LENGTH)
        case Logicle() | Hyperlog() as scale:
            made = _transformation(parent, type(scale).__name__.lower(), scale.parameters, _LENGTH)
        case ArcsinhCofactor():
            raise AssertionError(axis.scale)  # `AxisPlan` puts an `Arcsinh` in its place
    add(made, DATA, "parameter", name=speakable(name))


def _transformation(parent: _Element, tag: str, parameters: dict[str, float], length: str = "") -> _Element:
    texts = {name: lexical(value) for name, value in parameters.items()}
    if length:
        texts["length"] = length
    return add(parent, TRANSFORMS, tag, **texts)


def add_matrix(parent: _Element, spillover: Spillover, prefix: str) -> None:
    """Append the matrix of a sample; one with more detectors than dyes is a spectral one."""
    made = add(parent, TRANSFORMS, "spilloverMatrix", id="spillover")
    kind = {"spectral": "0"} if spillover.is_square else {"spectral": "1", "weightOptAlgorithmType": "OLS"}
    for key, value in {**kind, "prefix": prefix, "name": "spillover", "suffix": "", "editable": "1"}.items():
        made.set(key, value)
    listed = add(made, DATA, "parameters")
    for name in spillover.names:
        add(listed, DATA, "parameter", name=_shown(name)).set("userProvidedCompInfix", prefix + _shown(name))
    for name, row in zip(spillover.names, spillover.matrix.tolist(), strict=True):
        spill = add(made, TRANSFORMS, "spillover")
        spill.set(f"{{{DATA}}}parameter", _shown(name))
        spill.set("userProvidedCompInfix", prefix + _shown(name))
        for detector, value in zip(spillover.detectors, row, strict=True):
            coefficient = add(spill, TRANSFORMS, "coefficient", value=lexical(value))
            coefficient.set(f"{{{DATA}}}parameter", _shown(detector))


def _shown(name: str) -> str:
    return speakable(name.replace("/", "_"))


def add_keywords(parent: _Element, sample: Sample) -> None:
    """Append the keywords that say what the channels are; nothing about patients or operators."""
    listed = plain(parent, "Keywords")
    known = {key: value for key, value in sample.keywords.items() if _WANTED.fullmatch(key)}
    for channel in sample.channels:
        known[f"$P{channel.index + 1}N"] = channel.name
        known.setdefault(f"$P{channel.index + 1}S", channel.marker)
    known |= {"$PAR": str(len(sample.channels)), "$TOT": str(sample.n_events)}
    for key, value in known.items():
        plain(listed, "Keyword", name=key, value=value)


def add_shape(parent: _Element, tag: str, id_: str, above: str, names: Sequence[str]) -> list[_Element]:
    """Append a gate with its dimensions, which are returned."""
    box = plain(parent, "Gate")
    shape = add(box, GATING, tag)
    for made in (box, shape):
        made.set(f"{{{GATING}}}id", id_)
        if above:
            made.set(f"{{{GATING}}}parent_id", above)
    shape.set("eventsInside", "1")
    dimensions = [add(shape, GATING, "dimension") for _ in names]
    for dimension, name in zip(dimensions, names, strict=True):
        add(dimension, DATA, "fcs-dimension", name=speakable(name))
    return dimensions


def add_points(parent: _Element, points: Sequence[Sequence[float]]) -> None:
    """Append vertices."""
    for point in points:
        vertex = add(parent, GATING, "vertex")
        for value in point:
            add(vertex, GATING, "coordinate").set(f"{{{DATA}}}value", lexical(value))
