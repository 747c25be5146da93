"""`Quality`: what acquisition QC found in one run; a mask and its reasons, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nkflow.acquisition.margin import Margin
from nkflow.acquisition.reasons import FLOW_REASONS, Segment
from nkflow.acquisition.settings import AcquisitionChecks
from nkflow.fcs.findings import Finding
from nkflow.plots.timeline import Timeline

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Quality"]

_STEADY = 0.2  # change of the event rate over the run beyond which a share of time is no share of volume


@dataclass(frozen=True, eq=False)
class Quality:
    """The quality of one acquisition.

    Attributes
    ----------
    mask : (n_events,) bool
        Events that are kept, in the order of the file. Cut cells and beads by the same mask.
    segments
        What was removed, in the order of time, margins last.
    assessable, reason
        Whether the run could be judged over time, and why not. A run that could not be judged has not passed.
    total_time, removed_time
        In `time_unit`; None where the run could not be judged.
    time_unit
        ``s``, or ``ticks`` where the file does not say how long a tick is.
    rate_drift
        Change of the event rate from begin to end over its middle, by a straight line.
    noise
        Variance of the event rate and of each channel's level over what chance gives, 1 to 10.
    aborted, lost
        ``$ABRT`` and ``$LOST``: events that the volume held and the file lacks; None where not stated.
    margins, at_margin : (n_events,) bool
        Events at the upper end of a channel's range, whether or not they were removed.
    time : (n_events,)
        The clock, in `time_unit`; None where the run could not be judged.
    timeline
        The run in bins, for figures; None where it could not be judged.
    """

    name: str
    mask: NDArray[np.bool_] = field(repr=False)
    segments: tuple[Segment, ...]
    assessable: bool
    reason: str
    total_time: float | None
    removed_time: float | None
    time_unit: str
    rate_drift: float | None
    noise: Mapping[str, float] = field(repr=False)
    aborted: int | None
    lost: int | None
    margins: tuple[Margin, ...] = field(repr=False)
    at_margin: NDArray[np.bool_] = field(repr=False)
    time: NDArray[np.float64] | None = field(repr=False)
    timeline: Timeline | None = field(repr=False)
    checks: AcquisitionChecks = field(repr=False)
    findings: tuple[Finding, ...] = field(repr=False)

    @property
    def removed_events(self) -> int:
        """Events that are not kept."""
        return int(self.mask.size - np.count_nonzero(self.mask))

    @property
    def kept_time(self) -> float | None:
        """Share of the recorded time that is kept, None where the run could not be judged."""
        if self.total_time is None or self.removed_time is None:
            return None
        return 1.0 - self.removed_time / self.total_time

    @property
    def steady_flow(self) -> bool:
        """Whether the run was judged and nothing in it speaks against a constant flow."""
        return self.volume_reason == ""

    @property
    def summary(self) -> str:
        """What was found, in one line."""
        if not self.assessable:
            return f"not assessable: {self.reason}"
        timed = [segment for segment in self.segments if segment.reason != "margin"]
        if not timed:
            return f"steady over {self.total_time:.4g} {self.time_unit}, nothing removed"
        parts = ", ".join(f"{s.reason} {s.begin:.1f} to {s.end:.1f} {self.time_unit}" for s in timed[:6])
        more = f" and {len(timed) - 6} more" if len(timed) > 6 else ""
        share = 100 * (self.removed_time or 0.0) / (self.total_time or 1.0)
        return f"{share:.2g} % of the time and {self.removed_events:,} events removed: {parts}{more}"

    @property
    def volume_reason(self) -> str:
        """Why the volume of the kept events does not follow from the kept time; "" where it does (QC-04).

        It does where nothing was removed, or only for its signals, at a steady rate of events. Across a clog, a
        bubble or a step of the flow the volume of a second is not known.
        """
        if not self.assessable:
            return f"the acquisition could not be judged: {self.reason}"
        timed = [segment for segment in self.segments if segment.reason != "margin"]
        faults = sorted({s.reason for s in timed if s.reason in FLOW_REASONS or not self._usual(s)})
        if faults:
            return f"the flow was not constant ({', '.join(faults)})"
        if timed and self.rate_changed and self.rate_drift is not None:
            return f"the event rate changed by {100 * self.rate_drift:+.0f} % over the run"
        return ""

    @property
    def rate_changed(self) -> bool:
        """Whether the event rate drifted so far that a share of time is no share of volume."""
        return self.rate_drift is not None and abs(self.rate_drift) > _STEADY

    def _usual(self, segment: Segment) -> bool:
        """Whether the events of `segment` came at the usual rate."""
        rate = 1.0 if segment.rate is None else segment.rate
        return bool(self.checks.slow**0.5 <= rate <= self.checks.fast**0.5)

    @property
    def missing_fraction(self) -> float:
        """Share of the cytometer's events that the file lacks: ``(ABRT + LOST) / (TOT + ABRT + LOST)``."""
        missing = (self.aborted or 0) + (self.lost or 0)
        return missing / (self.mask.size + missing) if missing else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for the record: everything but the masks and the timeline."""
        return {
            "name": self.name,
            "events": int(self.mask.size),
            "removed_events": self.removed_events,
            "assessable": self.assessable,
            "reason": self.reason,
            "total_time": self.total_time,
            "removed_time": self.removed_time,
            "kept_time": self.kept_time,
            "time_unit": self.time_unit,
            "rate_drift": self.rate_drift,
            "noise": dict(self.noise),
            "steady_flow": self.steady_flow,
            "volume_reason": self.volume_reason,
            "aborted": self.aborted,
            "lost": self.lost,
            "segments": [segment.as_dict() for segment in self.segments],
            "margins": [margin.as_dict() for margin in self.margins],
            "checks": self.checks.model_dump(mode="json"),
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def figure(self) -> go.Figure:
        """Return the run over time, with what was removed, as a plotly figure.

        Raises
        ------
        DataError
            The run could not be judged: there is no time to draw it over.
        """
        from nkflow.acquisition.drawing import figure_of

        return figure_of(self)

    def svg(self) -> str:
        """Return the event rate over time, with what was removed, as one SVG element; errors as `figure`."""
        from nkflow.acquisition.drawing import svg_of

        return svg_of(self)

    def _repr_html_(self) -> str:
        from nkflow.acquisition.drawing import html_of

        return html_of(self)
