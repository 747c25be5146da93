"""Transformations and spectrum matrices of Gating-ML 2.0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError, ScaleError
from nkflow.exchange.gatingml_nodes import (
    DATA,
    TRANSFORMS,
    MistakeError,
    child,
    children,
    flag,
    local,
    number,
    optional_number,
    text,
)
from nkflow.scales import Arcsinh, Hyperlog, Linear, Log, Logicle, Ratio, Scale

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["ChannelRatio", "Transformation", "clipped", "matrix", "transformation"]


@dataclass(frozen=True)
class ChannelRatio:
    """An fratio with its two channels."""

    numerator: str
    denominator: str
    ratio: Ratio


Transformation = Scale | ChannelRatio


def transformation(node: _Element) -> Transformation:
    """Return what a ``transformation`` element does."""
    formula = child(node, TRANSFORMS, "flin", "flog", "fasinh", "logicle", "hyperlog", "fratio")
    low, high = (optional_number(node, TRANSFORMS, name) for name in ("boundMin", "boundMax"))
    bounds = (-math.inf if low is None else low, math.inf if high is None else high)

    def value(name: str) -> float:
        return number(formula, TRANSFORMS, name)

    try:
        match local(formula):
            case "flin":
                return Linear(value("T"), value("A"), bounds=bounds)
            case "flog":
                return Log(value("T"), value("M"), bounds=bounds)
            case "fasinh":
                return Arcsinh(value("T"), value("M"), value("A"), bounds=bounds)
            case "logicle":
                return Logicle(value("T"), value("W"), value("M"), value("A"), bounds=bounds)
            case "hyperlog":
                return Hyperlog(value("T"), value("W"), value("M"), value("A"), bounds=bounds)
            case _:
                return _ratio(formula, Ratio(value("A"), value("B"), value("C"), bounds=bounds))
    except ScaleError as problem:
        raise MistakeError(formula, problem.found, problem.expected) from None


def _ratio(formula: _Element, ratio: Ratio) -> ChannelRatio:
    channels = _names(formula)
    if len(channels) != 2:
        raise MistakeError(formula, f"{len(channels)} dimensions", "numerator and denominator")
    return ChannelRatio(*channels, ratio)


def clipped(ratio: Ratio, scale: Scale | None) -> Scale | None:
    """Return the scale that follows `ratio`, with the ratio's own bounds moved behind it.

    What is clipped and then scaled is the same as what is scaled and then clipped, since no scale falls.
    """
    low, high = ratio.bounds
    if math.isinf(low) and math.isinf(high):
        return scale
    if scale is None:
        return Linear(1.0, bounds=ratio.bounds)
    first, last = scale.bounds
    return type(scale)(
        **scale.parameters, bounds=(max(first, scale.forward(low)), min(last, scale.forward(high)))
    )


def matrix(node: _Element) -> Spillover:
    """Return a ``spectrumMatrix``: fluorochromes are its dyes (STANDARDS GM-10).

    A matrix that is inverted already is inverted back, so that the template shows spillover; one with more
    detectors than dyes has a row for each detector then.
    """
    dyes = _names(child(node, TRANSFORMS, "fluorochromes"))
    detectors = _names(child(node, TRANSFORMS, "detectors"))
    rows = [
        [number(entry, TRANSFORMS, "value") for entry in children(row, TRANSFORMS, "coefficient")]
        for row in children(node, TRANSFORMS, "spectrum")
    ]
    if any(len(row) != len(rows[0]) for row in rows):
        raise MistakeError(node, "rows of different length", "one coefficient for each detector")
    inverted = flag(node, TRANSFORMS, "matrix-inverted-already")
    try:
        if inverted and len(dyes) != len(detectors):
            return Spillover(
                dyes, _wide(node, rows, len(dyes), len(detectors)), detectors, source="Gating-ML"
            )
        given = Spillover(dyes, np.array(rows), detectors, source="Gating-ML")
        return Spillover(dyes, given.inverse, detectors, source="Gating-ML") if inverted else given
    except CompensationError as problem:
        raise MistakeError(
            node, f"{problem.message}: {problem.found}", problem.expected or "a matrix"
        ) from None


def _names(node: _Element) -> tuple[str, ...]:
    return tuple(text(dimension, DATA, "name") for dimension in children(node, DATA, "fcs-dimension"))


def _wide(node: _Element, rows: list[list[float]], dyes: int, detectors: int) -> NDArray[np.float64]:
    """Return the spectra (dyes, detectors) of an unmixing matrix (detectors, dyes)."""
    if len(rows) != detectors or len(rows[0]) != dyes:
        found = f"an inverted matrix of {len(rows)} x {len(rows[0])} that is not square"
        raise MistakeError(node, found, f"a row for each detector: {detectors} x {dyes}")
    return np.linalg.pinv(np.array(rows))
