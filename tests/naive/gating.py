"""Slow twin of the gating engine: one event, one population at a time, straight from the template."""

from __future__ import annotations

import math

import numpy as np

from naive.ellipsoid import mark_ellipsoid
from naive.polygon import in_polygon
from nkflow.gating import Boolean, Ellipsoid, Not, Polygon, Quadrant, Range, Rectangle
from nkflow.gating.gates.ellipsoid import quadratic_form
from nkflow.scales import Linear

__all__ = ["Twin"]


class Twin:
    """`values` maps a channel to its values as they stand, `compensated` to those after compensation."""

    def __init__(self, template, values, compensated) -> None:
        self.template, self.values, self.compensated = template, values, compensated
        self.where = {}
        for population in template.populations:
            if isinstance(population.gate, Quadrant):
                for outcome, name in population.gate.pairs:
                    self.where[name] = (population, outcome)
            else:
                self.where[population.name] = (population, "")

    def mask(self, name):
        n = len(next(iter(self.values.values())))
        return np.array([self.inside(name, event) for event in range(n)])

    def inside(self, name, event) -> bool:
        if name == "root":
            return True
        population, outcome = self.where[name]
        return (
            self.inside(population.parent, event)
            and self.in_gate(population.gate, outcome, event)
            and not any(self.inside(other, event) for other in population.exclude)
        )

    def in_gate(self, gate, outcome, event) -> bool:
        if not all(math.isfinite(self.value(dimension, event)) for dimension in gate.dimensions):
            return False
        match gate:
            case Boolean():
                answers = [
                    not self.inside(o.population, event) if isinstance(o, Not) else self.inside(o, event)
                    for o in gate.operands
                ]
                return {"and": all, "or": any, "not": lambda a: not a[0]}[gate.operation](answers)
            case Range() | Rectangle():
                return all(
                    self.between(dimension, low, high, gate.space, event)
                    for dimension, low, high in gate.sides
                )
            case Quadrant():
                for divider, sign in zip(gate.dividers, outcome, strict=True):
                    value = self.value(divider.dimension, event)
                    cuts = [self.threshold(divider.dimension, cut, gate.space) for cut in divider.values]
                    place = sum(value >= cut for cut in cuts)
                    wanted = {"-": [0], "+": [len(cuts)], "*": range(len(cuts) + 1)}.get(sign)
                    if place not in (wanted or [int(sign)]):
                        return False
                return True
            case Polygon():
                x, y = (self.shown(gate, d, self.value(d, event), "data") for d in gate.dimensions)
                corners = [
                    [self.shown(gate, d, v, gate.space) for d, v in zip(gate.dimensions, vertex, strict=True)]
                    for vertex in gate.vertices
                ]
                return in_polygon(x, y, *zip(*corners, strict=True))
            case Ellipsoid():
                return self.in_ellipsoid(gate, event)

    def between(self, dimension, low, high, space, event) -> bool:
        value = self.value(dimension, event)
        above = low is None or value >= self.threshold(dimension, low, space)
        return above and (high is None or value < self.threshold(dimension, high, space))

    def in_ellipsoid(self, gate, event) -> bool:
        n = range(len(gate.centre))
        point = np.array([[self.shown(gate, d, self.value(d, event), "data")] for d in gate.dimensions])
        centre = [self.shown(gate, gate.dimensions[k], gate.centre[k], gate.space) for k in n]
        if gate.covariance is not None:
            covariance = np.array(gate.covariance)
        else:
            ends = [
                [self.shown(gate, gate.dimensions[k], end[k], gate.space) - centre[k] for k in n]
                for end in gate.half_axes
            ]
            covariance = np.array([[sum(end[i] * end[j] for end in ends) for j in n] for i in n])
        out = np.zeros(1, bool)
        form = quadratic_form(covariance)
        mark_ellipsoid(point, list(n), [0], 1, centre, form, gate.distance_square, out)
        return bool(out[0])

    def value(self, dimension, event) -> float:
        columns = self.values if dimension.compensated is False else self.compensated
        top = columns.get(dimension.channel, self.values[dimension.channel])[event]
        if dimension.per is None:
            return float(top)
        bottom = columns.get(dimension.per, self.values[dimension.per])[event]
        with np.errstate(all="ignore"):
            ratio = dimension.ratio
            return float(ratio.A * (np.float64(top) - ratio.B) / (np.float64(bottom) - ratio.C))

    def scale(self, dimension):
        own = self.template.scales.get(dimension.channel) if dimension.per is None else None
        return dimension.scale or own

    def shown(self, gate, dimension, value, space) -> float:
        """A linear scale leaves straight lines straight: with data units it is left out."""
        scale = self.scale(dimension)
        linear = isinstance(scale, Linear) and gate.space == "data"
        if scale is None or space == "display" or linear:
            return float(value)
        return float(scale.column(np.array([value], dtype=np.float64))[0])

    def threshold(self, dimension, value, space) -> float:
        scale = self.scale(dimension)
        return value if scale is None or space == "data" else scale.pull_back(value)
