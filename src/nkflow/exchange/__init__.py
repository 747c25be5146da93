"""Gates and data come in and go out: Gating-ML 2.0, FlowJo, and other people's file formats."""

from __future__ import annotations

from nkflow.exchange.compare import Comparison, compare_counts
from nkflow.exchange.events_anndata import to_anndata
from nkflow.exchange.events_write import write_events, write_populations
from nkflow.exchange.flowjo import FlowJoWorkspace, read_flowjo
from nkflow.exchange.flowjo_write import write_flowjo
from nkflow.exchange.gatingml import read_gatingml
from nkflow.exchange.gatingml_write import write_gatingml
from nkflow.exchange.imported import ImportedTemplate
from nkflow.exchange.second_engine import CrossCheck, cross_check

__all__ = [
    "Comparison",
    "CrossCheck",
    "FlowJoWorkspace",
    "ImportedTemplate",
    "compare_counts",
    "cross_check",
    "read_flowjo",
    "read_gatingml",
    "to_anndata",
    "write_events",
    "write_flowjo",
    "write_gatingml",
    "write_populations",
]
