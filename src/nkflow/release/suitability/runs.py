"""Was every tube measured in time, steadily and long enough?"""

from __future__ import annotations

from collections.abc import Iterator

from nkflow.release.suitability.check import Check, Measured, Outcome, met

__all__ = ["run_checks"]

_STAINED = frozenset({"sample", "fmo"})


def run_checks(measured: Measured) -> Iterator[Check]:
    """Yield the time since staining, what acquisition QC says, and the events of the sample tubes."""
    yield from _staining(measured)
    yield from _together(measured)
    yield from _acquisition(measured)
    yield from _events(measured)


def _staining(measured: Measured) -> Iterator[Check]:
    """Sample tubes and FMOs state when they were stained; other tubes are judged where they do."""
    longest = measured.rules.stain_to_acquire_min
    for tube in measured.read:
        stained = tube.tube.stained_at
        if longest is None or (stained is None and tube.role not in _STAINED):
            continue
        began = measured.begin(tube)
        name, limit = "stain to acquisition", f"0 to {longest:g} min"
        if stained is None or began is None:
            value, outcome = "a time is missing", "not assessable"
            yield Check(name, tube.tube.name, value, limit, "not assessable", measured.rules.source)
            continue
        minutes = (began - stained).total_seconds() / 60
        outcome = met(0 <= minutes <= longest)
        yield Check(name, tube.tube.name, f"{minutes:.0f} min", limit, outcome, measured.rules.source)


def _together(measured: Measured) -> Iterator[Check]:
    """All tubes belong to one session: controls of another day say nothing about this one."""
    most = measured.rules.session_h
    began = {tube.tube.name: measured.begin(tube) for tube in measured.read}
    times = sorted(when for when in began.values() if when is not None)
    if most is None or not began:
        return
    name, limit, source = "one session", f"all tubes within {most:g} h", measured.rules.source
    for tube, when in began.items():
        if when is None:
            yield Check(name, tube, "the file has no time", limit, "not assessable", source)
    if not times:
        return
    middle = times[(len(times) - 1) // 2]
    apart = {
        tube: hours
        for tube, when in began.items()
        if when is not None and abs(hours := (when - middle).total_seconds() / 3600) > most
    }
    for tube, hours in apart.items():
        value = f"{abs(hours):.1f} h {'after' if hours > 0 else 'before'} the others"
        yield Check(name, tube, value, limit, "not met", source)
    if not apart:
        span = (times[-1] - times[0]).total_seconds() / 3600
        yield Check(name, "", f"{span:.1f} h", limit, met(span <= most), source)


def _acquisition(measured: Measured) -> Iterator[Check]:
    rule, source = measured.rules.acquisition, measured.rules.source
    for tube in measured.tubes:
        if rule is None or tube.quality is None:
            continue
        quality, name = tube.quality, tube.tube.name
        if quality.kept_time is None:
            outcome: Outcome = "not assessable" if rule.must_be_assessable else "met"
            limit = "a run that can be judged"
            yield Check("steady acquisition", name, quality.reason, limit, outcome, source)
            continue
        removed = 100 * (1 - quality.kept_time)
        reasons = ", ".join(sorted({segment.reason for segment in quality.segments} - {"margin"}))
        value = f"{removed:.2g} %" + (f" ({reasons})" if reasons else "")
        limit = f"at most {rule.most_removed_pct:g} % of the time removed"
        outcome = met(removed <= rule.most_removed_pct)
        yield Check("steady acquisition", name, value, limit, outcome, source)


def _events(measured: Measured) -> Iterator[Check]:
    for population, least in measured.rules.minimum_events.items():
        for tube in measured.tubes:
            if tube.role != "sample" or tube.gating is None:
                continue
            found = tube.kept.get(population)
            outcome: Outcome = "not assessable" if found is None else met(found >= least)
            value = "not counted" if found is None else f"{found:,}"
            name, limit = f"events of {population}", f"at least {least:,}"
            yield Check(name, tube.tube.name, value, limit, outcome, measured.rules.source)
