"""Gates and data come in and go out: Gating-ML 2.0, FlowJo, and other people's file formats."""

from __future__ import annotations

from nkflow.exchange.flowjo import FlowJoWorkspace, read_flowjo
from nkflow.exchange.flowjo_write import write_flowjo
from nkflow.exchange.gatingml import read_gatingml
from nkflow.exchange.gatingml_write import write_gatingml
from nkflow.exchange.imported import ImportedTemplate
from nkflow.exchange.second_engine import CrossCheck, cross_check

__all__ = [
    "CrossCheck",
    "FlowJoWorkspace",
    "ImportedTemplate",
    "cross_check",
    "read_flowjo",
    "read_gatingml",
    "write_flowjo",
    "write_gatingml",
]
