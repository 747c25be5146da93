"""Gates, templates, and the engine that finds the populations of a sample in one pass."""

from __future__ import annotations

from nkflow.gating.evaluable import NotEvaluable
from nkflow.gating.gates import (
    Boolean,
    Dimension,
    Divider,
    Ellipsoid,
    Gate,
    Not,
    Polygon,
    Quadrant,
    Range,
    Rectangle,
)
from nkflow.gating.load import load_template, parse_template, templates
from nkflow.gating.result import Gating
from nkflow.gating.run import explain, gate
from nkflow.gating.template import Population, Template
from nkflow.gating.tubes import Gatings, gate_all

__all__ = [
    "Boolean",
    "Dimension",
    "Divider",
    "Ellipsoid",
    "Gate",
    "Gating",
    "Gatings",
    "Not",
    "NotEvaluable",
    "Polygon",
    "Population",
    "Quadrant",
    "Range",
    "Rectangle",
    "Template",
    "explain",
    "gate",
    "gate_all",
    "load_template",
    "parse_template",
    "templates",
]
