"""Elements of Gating-ML 2.0 as they are written: gates, transformations, matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

from nkflow.compensation import Spillover
from nkflow.exchange.gatingml_nodes import DATA, GATING, TRANSFORMS
from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle, Ratio, Scale

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["add", "add_matrix", "add_point", "add_ratio", "add_transformation", "lexical"]


def lexical(value: float) -> str:
    """Return the shortest xs:double that reads back as `value`."""
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return repr(float(value))


def add(parent: _Element, namespace: str, tag: str, **attributes: str) -> _Element:
    """Append an element whose attributes are in its own namespace; ``_`` in their names stands for ``-``."""
    from lxml import etree

    made = etree.SubElement(parent, f"{{{namespace}}}{tag}")
    for name, value in attributes.items():
        made.set(f"{{{namespace}}}{name.replace('_', '-') if name != 'parent_id' else name}", value)
    return made


def add_transformation(root: _Element, id_: str, scale: Scale) -> None:
    """Append a transformation; its output is clipped to the scale's bounds (STANDARDS TR-02)."""
    match scale:
        case Linear():
            tag = "flin"
        case Log():
            tag = "flog"
        case Arcsinh():
            tag = "fasinh"
        case Logicle():
            tag = "logicle"
        case Hyperlog():
            tag = "hyperlog"
        case ArcsinhCofactor() | Biex():
            raise AssertionError(scale)  # `Axes` put something else in its place
        case _:
            assert_never(scale)
    parameters = {name: lexical(value) for name, value in scale.parameters.items()}
    add(_wrapper(root, id_, scale.bounds), TRANSFORMS, tag, **parameters)


def add_ratio(root: _Element, id_: str, ratio: Ratio, channels: Sequence[str]) -> None:
    """Append an fratio of two channels."""
    constants = {name: lexical(getattr(ratio, name)) for name in ("A", "B", "C")}
    made = add(_wrapper(root, id_, ratio.bounds), TRANSFORMS, "fratio", **constants)
    for channel in channels:
        add(made, DATA, "fcs-dimension", name=channel)


def add_matrix(root: _Element, id_: str, spillover: Spillover) -> None:
    """Append a spectrum matrix: dyes are its fluorochromes (STANDARDS GM-10)."""
    made = add(root, TRANSFORMS, "spectrumMatrix", id=id_)
    for tag, names in (("fluorochromes", spillover.names), ("detectors", spillover.detectors)):
        listed = add(made, TRANSFORMS, tag)
        for name in names:
            add(listed, DATA, "fcs-dimension", name=name)
    for row in spillover.matrix.tolist():
        spectrum = add(made, TRANSFORMS, "spectrum")
        for value in row:
            add(spectrum, TRANSFORMS, "coefficient", value=lexical(value))


def add_point(parent: _Element, tag: str, values: Sequence[float]) -> None:
    """Append a vertex or a mean."""
    made = add(parent, GATING, tag)
    for value in values:
        coordinate = add(made, GATING, "coordinate")
        coordinate.set(f"{{{DATA}}}value", lexical(value))


def _wrapper(root: _Element, id_: str, bounds: tuple[float, float]) -> _Element:
    made = add(root, TRANSFORMS, "transformation", id=id_)
    for name, bound in zip(("boundMin", "boundMax"), bounds, strict=True):
        if math.isfinite(bound):
            made.set(f"{{{TRANSFORMS}}}{name}", lexical(bound))
    return made
