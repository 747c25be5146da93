"""Acquisition QC: was the run steady, and which part of it can be used? A mask and its reasons, never a verdict."""

from nkflow.acquisition.check import check_acquisition
from nkflow.acquisition.margin import Margin
from nkflow.acquisition.quality import Quality
from nkflow.acquisition.reasons import Segment
from nkflow.acquisition.settings import AcquisitionChecks
from nkflow.acquisition.trend import Trend, share_trend

__all__ = [
    "AcquisitionChecks",
    "Margin",
    "Quality",
    "Segment",
    "Trend",
    "check_acquisition",
    "share_trend",
]
