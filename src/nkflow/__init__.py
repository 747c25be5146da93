"""nkflow: from the flow cytometry files of a cell product to a dose that someone may infuse.

The public face: every name below is imported when it is first used, so that ``import nkflow`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nkflow.acquisition import AcquisitionChecks, Quality, check_acquisition
    from nkflow.compensation import Spillover
    from nkflow.controls.measure import spillover_from_controls
    from nkflow.controls.spectra import spectra_from_controls
    from nkflow.controls.spreading import spreading
    from nkflow.counting.composition import Composition
    from nkflow.counting.inputs import Counting
    from nkflow.counting.quantify import quantify
    from nkflow.counting.tubes import TubeCounts
    from nkflow.dose.assess import assess_dose
    from nkflow.dose.lot import Lot, load_lot
    from nkflow.dose.protocol import Protocol, load_protocol, protocols
    from nkflow.dose.result import Dose
    from nkflow.errors import NkflowError
    from nkflow.exchange import (
        CrossCheck,
        FlowJoWorkspace,
        ImportedTemplate,
        compare_counts,
        cross_check,
        read_flowjo,
        read_gatingml,
        to_anndata,
        write_events,
        write_flowjo,
        write_gatingml,
        write_populations,
    )
    from nkflow.fcs import Channel, Finding, Sample, data_sets, read_fcs, write_fcs
    from nkflow.fitness import compensation_state
    from nkflow.gating.gates import Boolean, Ellipsoid, Polygon, Quadrant, Range, Rectangle
    from nkflow.gating.load import load_template, templates
    from nkflow.gating.result import Gating
    from nkflow.gating.run import gate
    from nkflow.gating.template import Population, Template
    from nkflow.gating.tubes import gate_all
    from nkflow.plots.look import look
    from nkflow.release.pipeline import Release
    from nkflow.scales import Arcsinh, Biex, Hyperlog, Linear, Log, Logicle, Ratio
    from nkflow.simulate.lot import SimulatedLot, simulate_lot
    from nkflow.simulate.stains import simulate_controls

__version__ = "0.1.0"

_PLACES = {
    "AcquisitionChecks": "nkflow.acquisition",
    "Arcsinh": "nkflow.scales",
    "Biex": "nkflow.scales",
    "Boolean": "nkflow.gating.gates",
    "Channel": "nkflow.fcs",
    "Composition": "nkflow.counting.composition",
    "Counting": "nkflow.counting.inputs",
    "CrossCheck": "nkflow.exchange",
    "Dose": "nkflow.dose.result",
    "Ellipsoid": "nkflow.gating.gates",
    "Finding": "nkflow.fcs",
    "FlowJoWorkspace": "nkflow.exchange",
    "Gating": "nkflow.gating.result",
    "Hyperlog": "nkflow.scales",
    "ImportedTemplate": "nkflow.exchange",
    "Linear": "nkflow.scales",
    "Log": "nkflow.scales",
    "Logicle": "nkflow.scales",
    "Lot": "nkflow.dose.lot",
    "NkflowError": "nkflow.errors",
    "Polygon": "nkflow.gating.gates",
    "Population": "nkflow.gating.template",
    "Protocol": "nkflow.dose.protocol",
    "Quadrant": "nkflow.gating.gates",
    "Quality": "nkflow.acquisition",
    "Range": "nkflow.gating.gates",
    "Ratio": "nkflow.scales",
    "Rectangle": "nkflow.gating.gates",
    "Release": "nkflow.release.pipeline",
    "Sample": "nkflow.fcs",
    "SimulatedLot": "nkflow.simulate.lot",
    "Spillover": "nkflow.compensation",
    "Template": "nkflow.gating.template",
    "TubeCounts": "nkflow.counting.tubes",
    "assess_dose": "nkflow.dose.assess",
    "check_acquisition": "nkflow.acquisition",
    "compare_counts": "nkflow.exchange",
    "compensation_state": "nkflow.fitness",
    "cross_check": "nkflow.exchange",
    "data_sets": "nkflow.fcs",
    "gate": "nkflow.gating.run",
    "gate_all": "nkflow.gating.tubes",
    "load_lot": "nkflow.dose.lot",
    "load_protocol": "nkflow.dose.protocol",
    "load_template": "nkflow.gating.load",
    "look": "nkflow.plots.look",
    "protocols": "nkflow.dose.protocol",
    "quantify": "nkflow.counting.quantify",
    "read_fcs": "nkflow.fcs",
    "read_flowjo": "nkflow.exchange",
    "read_gatingml": "nkflow.exchange",
    "simulate_controls": "nkflow.simulate.stains",
    "simulate_lot": "nkflow.simulate.lot",
    "spectra_from_controls": "nkflow.controls.spectra",
    "spillover_from_controls": "nkflow.controls.measure",
    "spreading": "nkflow.controls.spreading",
    "templates": "nkflow.gating.load",
    "to_anndata": "nkflow.exchange",
    "write_events": "nkflow.exchange",
    "write_fcs": "nkflow.fcs",
    "write_flowjo": "nkflow.exchange",
    "write_gatingml": "nkflow.exchange",
    "write_populations": "nkflow.exchange",
}

__all__ = [
    "AcquisitionChecks",
    "Arcsinh",
    "Biex",
    "Boolean",
    "Channel",
    "Composition",
    "Counting",
    "CrossCheck",
    "Dose",
    "Ellipsoid",
    "Finding",
    "FlowJoWorkspace",
    "Gating",
    "Hyperlog",
    "ImportedTemplate",
    "Linear",
    "Log",
    "Logicle",
    "Lot",
    "NkflowError",
    "Polygon",
    "Population",
    "Protocol",
    "Quadrant",
    "Quality",
    "Range",
    "Ratio",
    "Rectangle",
    "Release",
    "Sample",
    "SimulatedLot",
    "Spillover",
    "Template",
    "TubeCounts",
    "assess_dose",
    "check_acquisition",
    "compare_counts",
    "compensation_state",
    "cross_check",
    "data_sets",
    "gate",
    "gate_all",
    "load_lot",
    "load_protocol",
    "load_template",
    "look",
    "protocols",
    "quantify",
    "read_fcs",
    "read_flowjo",
    "read_gatingml",
    "release",
    "simulate_controls",
    "simulate_lot",
    "spectra_from_controls",
    "spillover_from_controls",
    "spreading",
    "templates",
    "to_anndata",
    "write_events",
    "write_fcs",
    "write_flowjo",
    "write_gatingml",
    "write_populations",
]


def __getattr__(name: str) -> object:
    if name == "release":  # a room that is called like its function, and callable
        return import_module("nkflow.release")
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'nkflow' has no attribute {name!r}")
    value = getattr(import_module(place), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
