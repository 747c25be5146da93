"""How one control was used, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from nkflow.compensation import Origin
from nkflow.controls.gated import Gated
from nkflow.controls.measured import ControlReport

__all__ = ["origin_with", "report_of"]


def report_of(detector: str, control: Gated, estimate: str) -> ControlReport:
    """Return the report of a control whose row was estimated by `estimate`."""
    found, positives = control.positive, control.positives
    middle = None
    if found is not None:
        middle = float(np.median(positives[control.own]) - np.median(control.negative[control.own]))
    return ControlReport(
        detector=detector,
        file=control.tube.name,
        events=control.tube.n_events,
        gated=int(control.events.shape[1]),
        positives=int(positives.shape[1]),
        negatives=int(control.negative.shape[1]),
        negative=control.source,
        cut=found.cut if found else None,
        median=middle,
        brightness=found.brightness if found else None,
        positives_are=found.how if found else "not looked for",
        estimate=estimate,
        saturated=control.saturated[0],
    )


def origin_with(origin: Origin, reports: Sequence[ControlReport]) -> Origin:
    """Return the origin of the controls with the brightness of each (CO-17)."""
    known = {report.detector: report.median for report in reports if report.median is not None}
    return replace(origin, brightness=MappingProxyType(known))
