"""What acquisition QC calls a fault: the section ``acquisition:`` of a template."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nkflow.documents import Document

__all__ = ["AcquisitionChecks"]


class AcquisitionChecks(Document):
    """The parameters of `nkflow.acquisition.check_acquisition`; docs/acquisition.md says where they come from.

    Attributes
    ----------
    slow, fast
        Event rate over its own baseline that the search for slow and fast stretches is tuned to. What is
        removed starts about half way to 1: below 0.78 and above 1.28 of the baseline with the values given.
    shift
        Difference of mean rank (0 to 1) that the search for changed signals is tuned to. What is removed starts
        at half of it: a change of light of about 5 % in channels as narrow as scatter, 15 % in CD56.
    blur
        SD of the natural logarithm by which signals are blurred before they are ranked, so that a small change
        stays small in a channel whose events are all alike.
    false_alarms
        Stretches that would be found by chance alone, in one run, at most (Poisson arrivals, events in
        random order).
    shortest_kept
        A good stretch shorter than this share of the run's time, between two bad ones or at an end, goes too.
    margin
        Events at the upper end of a channel's range: leave them out of the mask, or only count them.
    most_removed
        Share of the run's time; where more is removed, the run is called unsteady (a finding of severity
        error). DOMAIN 2.2: fail the tube above 20-30 %.
    dead_drift
        Change of the share of dead cells (7-AAD+) over the run, up or down, above which there is a finding.
    """

    slow: Annotated[float, Field(gt=0, lt=1)] = 0.6
    fast: Annotated[float, Field(gt=1, le=100)] = 1.6
    shift: Annotated[float, Field(gt=0, lt=0.5)] = 0.10
    blur: Annotated[float, Field(ge=0, le=1)] = 0.3
    false_alarms: Annotated[float, Field(gt=0, le=1)] = 0.001
    shortest_kept: Annotated[float, Field(ge=0, le=0.5)] = 0.005
    margin: Literal["count", "remove"] = "count"
    most_removed: Annotated[float, Field(gt=0, le=1)] = 0.25
    dead_drift: Annotated[float, Field(gt=0, le=1)] = 0.03
