"""What is wrong with a control, by name: dim, saturated, swapped, mislabelled, duplicated, mismatched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nkflow.controls.gated import Gated
from nkflow.controls.slope import Row, regression
from nkflow.controls.tube import Tube
from nkflow.fcs.findings import Finding
from nkflow.fitness.levels import half_width_below, shortest
from nkflow.fitness.saturation import PILE
from nkflow.gating.origin import compare

__all__ = ["another_dye", "diagnose", "mismatch", "peak"]

SATURATED = 0.01  # of the scatter-gated events, at the end of another detector
PILED = 0.001  # of them at the end of the own detector; right controls have less than 0.0001
SOME_CLIPPED = 0.05  # of the positives
CLIPPED = 0.5  # of the positives: what is left of them is no sample of the dye
FAR_BELOW = (
    0.1  # of the end of the own detector: positives without a mode of their own, when others reach that end
)
BRIGHTER = 1.25  # times the own detector: another one is the dye's
BRIGHT = 10.0  # robust SDs
DIMMEST = 0.2  # of the events of a detector: its negative, where none is known
MISMATCH = 0.01  # of a coefficient, and this many standard errors
MISMATCH_ERRORS = 5.0
FLATTER = 0.15  # of a coefficient: what noise in the own detector takes from a slope within the positives
AT_MOST = 5_000
OTHER_DYE, MIXTURE = 0.04, 0.1  # of the gated events: off the line of one dye; too many for any row ...
OTHER_BRIGHT = 50.0  # ... by so many SDs of the negative (no autofluorescence is that bright) ...
OTHER_PART = 0.2  # ... and by this part of the dye's own light; of real controls up to 2 % of the events are

Array = NDArray[np.float64]


def diagnose(controls: Mapping[str, Gated], *, needs_negative: bool = True) -> tuple[Finding, ...]:
    """List what a person should know about the controls (detector -> control), each finding naming its file.

    `needs_negative`: whether a control without a negative can't be used.
    """
    found: list[Finding] = []
    peaks = {detector: peak(control) for detector, control in controls.items()}
    found += _doubled(controls)
    for detector, control in controls.items():
        found += _detector(detector, peaks, controls)
        if control.source or needs_negative:
            found += _brightness(detector, control)
        found += _saturation(detector, control)
    return (*found, *_settings([control.tube for control in controls.values()]))


def peak(control: Gated) -> str | None:
    """Return the detector in which the control is brightest, whatever it is labelled; None where it is dark.

    Upper quantiles of the gated events over those of the negative (the dimmest fifth of each detector where there is
    none): no positives have to be chosen first.
    """
    if not control.events.shape[1]:
        return None
    dim = control.negative
    if not dim.shape[1]:  # none was found in the own detector, which is no reason to have none elsewhere
        low = np.quantile(control.events, DIMMEST, axis=1)
        dim = np.where(control.events <= low[:, None], control.events, np.nan)
    of_dim = np.quantile if control.negative.shape[1] else np.nanquantile  # the latter takes thrice as long
    level = of_dim(dim, (0.1587, 0.5, 0.8413), axis=1)
    noise = np.maximum((level[2] - level[0]) / 2.0, 1e-9)
    for share in (0.9, 0.97, 0.995):
        at = np.quantile(dim, share, axis=1) if control.negative.shape[1] else level[1]
        signal = np.quantile(control.events, share, axis=1) - at
        brightest = int(np.argmax(signal))
        if signal[brightest] >= BRIGHT * noise[brightest]:
            own = float(signal[control.own])
            chosen = control.own if own * BRIGHTER >= signal[brightest] else brightest
            return control.tube.detectors[chosen]
    return None


def _detector(detector: str, peaks: Mapping[str, str | None], controls: Mapping[str, Gated]) -> list[Finding]:
    """Tell whether the control is brightest in another detector than its own (flowStats#40, #41)."""
    brightest, file = peaks[detector], controls[detector].tube.name
    if brightest is None or brightest == detector:
        return []
    other = controls.get(brightest)
    if other is not None and peaks[brightest] == detector:
        text = f"{file} and {other.tube.name} are swapped: the control for {detector} is brightest in {brightest}"
        return [Finding("swapped-controls", "error", text, detector, "both rows would be wrong")]
    text = f"{file} is given as the control for {detector} and is brightest in {brightest}: mislabelled"
    return [Finding("mislabelled-control", "error", text, detector, "its row would be another dye's")]


def _doubled(controls: Mapping[str, Gated]) -> list[Finding]:
    """Find controls with the same events."""
    found = []
    items = list(controls.items())
    for k, (detector, control) in enumerate(items):
        for other, twin in items[:k]:
            if np.array_equal(control.tube.light, twin.tube.light, equal_nan=True):
                text = f"{control.tube.name} ({detector}) holds the same events as {twin.tube.name} ({other})"
                found.append(
                    Finding("duplicated-control", "error", text, detector, "one of them is not what it says")
                )
    return found


def _brightness(detector: str, control: Gated) -> list[Finding]:
    file = control.tube.name
    if not control.source:
        text = f"{file} ({detector}) has no negative: no unstained tube of its kind, and hardly any negative events"
        return [Finding("no-negative", "error", text, detector, "its row can't be measured")]
    if control.positive is None:
        text = f"{file} ({detector}) has hardly any event above the negative: too dim, or not stained"
        return [Finding("no-positives", "error", text, detector, "its row can't be measured")]
    if not control.positive.dim:
        return []
    text = f"{file} ({detector}) is too dim: its positives lie {control.positive.brightness:.0f} SD above the negative"
    return [Finding("dim-control", "warning", text, detector, "its coefficients are uncertain")]


def _saturation(detector: str, control: Gated) -> list[Finding]:
    """Tell whether events stand at the end of a detector, and whether they were the dye's own."""
    own, worst = control.saturated
    positives = (1.0 - own) * control.positives.shape[1] / max(control.events.shape[1], 1)
    piled = own >= max(PILED, PILE / max(control.events.shape[1], 1))
    if worst < SATURATED and not piled and not 0.0 < SOME_CLIPPED * positives <= (1.0 - SOME_CLIPPED) * own:
        return []
    clipped = own > CLIPPED * (own + positives) or (piled and _are_others(control))
    at_own = piled or own >= SATURATED or worst < SATURATED
    where, share = ("its own detector", own) if at_own else ("another detector", worst)
    text = f"{control.tube.name} ({detector}) is saturated: {100 * share:.1f} % of its events are at the end of {where}"
    consequence = (
        "what is left of the positives is no sample of the dye" if clipped else "those events are left out"
    )
    return [Finding("saturated-control", "error" if clipped else "warning", text, detector, consequence)]


def _are_others(control: Gated) -> bool:
    """Whether the positives are not the events that reach the end: no mode, and far below it.

    The dye's own population is cut off then, and the smear of dimmer events is taken for it: in simulated controls
    its row is wrong by 14 to 17 standard errors.
    """
    if control.positive is None or control.positive.how != "brighter part":
        return False
    end = float(control.tube.light[control.own, control.tube.saturated[control.own]].min())
    return float(np.median(control.positives[control.own])) < FAR_BELOW * end


def _settings(tubes: Sequence[Tube]) -> list[Finding]:
    """Compare every control with the first: all must be of one instrument, one setting, one day."""
    return [
        Finding(
            finding.code, finding.severity, f"{tube.name}: {finding.message}", tube.name, finding.consequence
        )
        for tube in tubes[1:]
        for finding in compare(tubes[0].origin, tube.origin, where=tube.name)
    ]


def mismatch(detector: str, control: Gated, row: Row) -> list[Finding]:
    """Tell whether the positives' own line misses the negative: another autofluorescence (CO-16).

    The slope within the positives needs no negative. Where it differs from `row` by five standard errors and by more
    than 0.01 and 15 % of the coefficient (the noise of the own detector flattens it so far), positives and
    negatives are not the same kind of particle.
    """
    positives = control.positives
    step = max(1, positives.shape[1] // AT_MOST)
    within = regression(positives[:, ::step], control.own)
    errors = np.sqrt(within.errors**2 + row.errors**2)
    apart = np.maximum(np.abs(within.slopes - row.slopes) - FLATTER * np.abs(row.slopes), 0.0)
    odd = (apart > MISMATCH) & (apart > MISMATCH_ERRORS * errors)
    if not odd.any():
        return []
    worst = int(np.argmax(np.where(odd, apart, 0.0)))
    text = (
        f"the positives of {control.tube.name} ({detector}) have another autofluorescence than the negative "
        f"({control.source}): by themselves they give {within.slopes[worst]:.4f} instead of "
        f"{row.slopes[worst]:.4f} into {control.tube.detectors[worst]}"
    )
    consequence = "use a negative of the same cells or beads, or the regression method"
    return [Finding("negative-mismatch", "warning", text, detector, consequence)]


def another_dye(detector: str, control: Gated, row: Row) -> list[Finding]:
    """Tell whether events lie far off the dye's line in another detector: a tube of several dyes, or a mixed-up one.

    Far is fifty SDs of the negative there and a fifth of what the event, or a positive, has in the own detector.
    """
    if control.positive is None:
        return []
    step = max(1, control.events.shape[1] // AT_MOST)
    events, dark = (
        control.events[:, ::step],
        control.negative[:, :: max(1, control.negative.shape[1] // AT_MOST)],
    )
    own, zero = events[control.own], float(np.median(dark[control.own]))
    light = np.maximum(own - zero, float(np.median(control.positives[control.own])) - zero)
    rest, dark = (some - row.slopes[:, None] * some[control.own] for some in (events, dark))
    share = np.zeros(len(rest))
    for j, values in enumerate(rest):
        if j != control.own:
            centre = shortest(dark[j], 0.05)
            far = np.maximum(OTHER_BRIGHT * half_width_below(dark[j], centre), OTHER_PART * light)
            share[j] = np.mean(np.abs(values - centre) > far)
    worst = int(np.argmax(share))
    if share[worst] < OTHER_DYE:
        return []
    text = (
        f"{control.tube.name} ({detector}) is no single stain: {100 * share[worst]:.0f} % of its events lie far off "
        f"the line of one dye in {control.tube.detectors[worst]}"
    )
    if share[worst] < MIXTURE:
        return [Finding("another-dye", "warning", text, detector, "its row may be a mixture of dyes")]
    return [Finding("another-dye", "error", text, detector, "its row is a mixture of dyes")]
