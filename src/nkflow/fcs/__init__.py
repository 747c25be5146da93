"""Bytes <-> Sample: segments, keywords, layout, decode, panel, read, write, findings."""

from __future__ import annotations

from nkflow.fcs.blocks import BlockReader
from nkflow.fcs.channels import Channel
from nkflow.fcs.data_sets import DataSetInfo, data_sets
from nkflow.fcs.findings import Finding, Severity, worst
from nkflow.fcs.limits import Limits
from nkflow.fcs.panel import Match, find
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.fcs.write import write_fcs

__all__ = [
    "BlockReader",
    "Channel",
    "DataSetInfo",
    "Finding",
    "Limits",
    "Match",
    "Sample",
    "Severity",
    "data_sets",
    "find",
    "read_fcs",
    "worst",
    "write_fcs",
]
