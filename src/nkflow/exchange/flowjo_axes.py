"""Channels, matrix and transformations of one sample of a FlowJo workspace (WS-01, WS-06, WS-07)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError, ScaleError
from nkflow.exchange.flowjo_nodes import FlowJoError, attribute, children, number, optional_number, tag
from nkflow.fcs.channels import is_time
from nkflow.fcs.numerals import parse_float
from nkflow.scales import Arcsinh, Biex, Hyperlog, Log, Logicle, Scale

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["Axis", "Channels", "read_channels"]

_CHANNELS = 4096  # of the biex table, whatever its `length` says (STANDARDS TR-15)


@dataclass(frozen=True)
class Axis:
    """What a gate's dimension measures, and FlowJo's axis for it.

    Attributes
    ----------
    channel
        ``$PnN`` of the file.
    compensated
        Whether the gate wants the compensated value.
    scale
        The axis; None where it is linear or not known.
    low, high
        The ends of the axis in data units.
    length
        Display units of its whole length: 4096 for biex, else 1.
    factor
        FlowJo's data units times this are ours (time, WS-07).
    unknown
        The name of a transformation that we can't compute; "" where there is none.
    """

    channel: str
    compensated: bool
    scale: Scale | None = None
    low: float = -math.inf
    high: float = math.inf
    length: float = 1.0
    factor: float = 1.0
    unknown: str = ""


@dataclass(frozen=True, eq=False)
class Channels:
    """The axes of one sample by the names that gates use."""

    spillover: Spillover | None
    prefix: str
    suffix: str
    names: Mapping[str, str]
    transformations: Mapping[str, _Element]
    time_step: float | None
    amplified: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    total: int | None = None

    def axis(self, node: _Element, name: str) -> Axis:
        """Return the axis that a gate calls `name`: ``Comp-FITC-A`` is compensated, ``FITC-A`` is not.

        Prefix and suffix are literal text. A file may itself have channels that begin with ``Comp-``.
        """
        channel, compensated = self._channel(node, name)
        for key in (name, self._bare(name)):
            if key in self.transformations:
                return _axis(channel, compensated, self.transformations[key], self.time_step)
        if channel in self.amplified:
            return _log(channel, compensated, *self.amplified[channel])
        return Axis(channel, compensated)

    def _channel(self, node: _Element, name: str) -> tuple[str, bool]:
        bare = self.names.get(self._bare(name), self._bare(name))
        has_affix = self._bare(name) != name
        if has_affix and self.spillover is not None and bare in self.spillover.names:
            return bare, True
        if name in self.names:
            return self.names[name], False
        if has_affix and bare in self.names.values():
            found = f"the compensated channel {name}, and no matrix of the sample that holds it"
            raise FlowJoError(node, found, "a spilloverMatrix in the sample")
        if self.names:
            raise FlowJoError(
                node, f"the channel {name}, which the file does not have (derived?)", "one of its $PnN"
            )
        return name, False

    def _bare(self, name: str) -> str:
        if self.spillover is None and not self.prefix:
            return name.removeprefix("Comp-")
        return name.removeprefix(self.prefix).removesuffix(self.suffix)


def read_channels(sample: _Element) -> Channels:
    """Return channels, matrix and transformations of a ``Sample`` element."""
    keywords = _keywords(sample)
    names = {}
    for key, value in keywords.items():
        if key.upper().startswith("$P") and key.upper().endswith("N") and key[2:-1].isdigit():
            names[value.replace("/", "_")] = value
            names[value] = value
    matrices = list(children(sample, "spilloverMatrix"))
    if len(matrices) > 1:
        raise FlowJoError(sample, f"{len(matrices)} matrices for one sample", "one")
    matrix, prefix, suffix = (None, "", "")
    if matrices:
        prefix, suffix = attribute(matrices[0], "prefix", "Comp-"), attribute(matrices[0], "suffix", "")
        matrix = _matrix(matrices[0], names)
    transformations = {
        attribute(parameter, "name"): node
        for group in children(sample, "Transformations")
        for node in group.iterchildren("*")
        for parameter in children(node, "parameter")
    }
    step = parse_float(keywords.get("$TIMESTEP"))
    amplified = {} if transformations else _amplified(keywords)
    total = keywords.get("$TOT", "").strip()
    events = int(total) if re.fullmatch("[0-9]{1,18}", total) else None
    return Channels(matrix, prefix, suffix, names, transformations, step, amplified, events)


def _amplified(keywords: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Return channel -> decades and offset of its logarithmic amplifier: the axes of FlowJo before 10."""
    found = {}
    for key, value in keywords.items():
        number_ = key[2:-1]
        if key.upper().startswith("$P") and key.upper().endswith("E") and number_.isdigit():
            decades, _, offset = value.partition(",")
            pair = parse_float(decades) or 0.0, parse_float(offset) or 1.0
            if pair[0] > 0:
                found[keywords.get(f"$P{number_}N", "")] = pair
    return found


def _keywords(sample: _Element) -> dict[str, str]:
    return {
        attribute(node, "name", ""): attribute(node, "value", "")
        for group in children(sample, "Keywords")
        for node in children(group, "Keyword")
    }


def _matrix(node: _Element, names: Mapping[str, str]) -> Spillover:
    """Return a ``spilloverMatrix``; of a spectral one the rows are dyes (CO-14)."""
    algorithm = attribute(node, "weightOptAlgorithmType", "OLS")
    if attribute(node, "spectral", "0") == "1" and algorithm.upper() != "OLS":
        raise FlowJoError(node, f"unmixing by {algorithm[:40]!a}", "OLS")
    dyes: list[str] = []
    rows: list[list[float]] = []
    detectors: tuple[str, ...] = ()
    for row in children(node, "spillover"):
        cells = list(children(row, "coefficient"))
        found = tuple(_real(attribute(cell, "parameter"), names) for cell in cells)
        if rows and set(found) != set(detectors):
            raise FlowJoError(row, "a row with other detectors", "the same for all dyes")
        detectors = detectors or found
        values = dict(zip(found, (number(cell, "value") for cell in cells), strict=True))
        rows.append([values[detector] for detector in detectors])
        dyes.append(_real(attribute(row, "parameter"), names))
    name = attribute(node, "name", "matrix")
    try:
        return Spillover(
            tuple(dyes), np.array(rows, dtype=np.float64), detectors, source=f"FlowJo, {name[:100]}"
        )
    except CompensationError as problem:
        raise FlowJoError(
            node, f"{problem.message}: {problem.found}", problem.expected or "a matrix"
        ) from None


def _real(name: str, names: Mapping[str, str]) -> str:
    return names.get(name, name)


def _axis(channel: str, compensated: bool, node: _Element, step: float | None) -> Axis:
    kind = tag(node)
    try:
        if kind == "linear":
            return _linear(channel, compensated, node, step)
        if kind == "log":
            return _log(channel, compensated, number(node, "decades"), number(node, "offset"))
        if kind == "biex":
            scale: Scale = Biex(
                number(node, "maxRange"),
                number(node, "pos"),
                number(node, "neg"),
                number(node, "width"),
                _CHANNELS,
            )
            low, high = scale.inverse(np.array([0.0, float(_CHANNELS)])).tolist()
            return Axis(channel, compensated, scale, low, high, float(_CHANNELS))
        if kind == "logicle":
            scale = Logicle(*(number(node, name) for name in "TWMA"))
        elif kind == "hyperlog":
            scale = Hyperlog(*(number(node, name) for name in "TWMA"))
        elif kind == "fasinh":
            scale = Arcsinh(*(number(node, name) for name in "TMA"))
        else:
            return Axis(channel, compensated, unknown=kind)
    except (ScaleError, OverflowError) as problem:
        return Axis(channel, compensated, unknown=f"{kind} ({problem})"[:200])
    low, high = scale.inverse(np.array([0.0, 1.0])).tolist()
    return Axis(channel, compensated, scale, low, high)


def _log(channel: str, compensated: bool, decades: float, offset: float) -> Axis:
    """Return FlowJo's logarithmic axis: what lies below `offset` lies on its lower end (WS-01)."""
    top = offset * 10.0**decades
    return Axis(channel, compensated, Log(top, decades, bounds=(0.0, math.inf)), offset, top)


def _linear(channel: str, compensated: bool, node: _Element, step: float | None) -> Axis:
    low, high = number(node, "minRange"), number(node, "maxRange")
    if not low < high:
        low, high = -math.inf, math.inf
    gain = optional_number(node, "gain")
    factor = 1.0
    if is_time(channel) and gain not in (None, 0.0, 1.0):
        factor = (step or 1.0) / gain
    if factor == 1.0 or math.isclose(factor, 1.0, rel_tol=1e-6):
        factor = 1.0
    return Axis(channel, compensated, None, low * factor, high * factor, factor=factor)
