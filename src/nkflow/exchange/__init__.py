"""Gates and data come in and go out: Gating-ML 2.0, FlowJo, and other people's file formats."""

from __future__ import annotations

from nkflow.exchange.gatingml import read_gatingml
from nkflow.exchange.gatingml_write import write_gatingml
from nkflow.exchange.imported import ImportedTemplate

__all__ = ["ImportedTemplate", "read_gatingml", "write_gatingml"]
