"""Was this run valid? Every precondition of the protocol, held to the lot's tubes; what a reviewer reads first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nkflow.dose.suitability import ControlRange, SuitabilityRules
from nkflow.release.tubes import GatedTube

__all__ = ["Check", "check_suitability"]

Outcome = Literal["met", "not met", "not assessable"]


@dataclass(frozen=True)
class Check:
    """One precondition: what was asked of which tube, what was found, and whether it holds.

    ``not assessable`` is no pass: it makes the lot INVALID like ``not met``.
    """

    name: str
    tube: str
    value: str
    limit: str
    outcome: Outcome

    @property
    def reason(self) -> str:
        """Why it does not hold, in one line."""
        where = f"tube {self.tube}: " if self.tube else ""
        return f"{where}{self.name} {self.outcome}: {self.value}, asked for {self.limit}"

    def as_dict(self) -> dict[str, Any]:
        """Return the check as plain values."""
        return dict(vars(self))


def check_suitability(rules: SuitabilityRules, tubes: Sequence[GatedTube]) -> tuple[Check, ...]:
    """Hold `tubes` to the protocol's `rules`; one check for each rule and tube it concerns."""
    return (
        *_present(rules, tubes),
        *_distinct(tubes),
        *_identity(rules, tubes),
        *_settings(rules, tubes),
        *_staining(rules, tubes),
        *_acquisition(rules, tubes),
        *_events(rules, tubes),
        *(check for rule in rules.ranges for check in _range(rule, tubes)),
        *_bead_only(rules, tubes),
    )


def _met(holds: bool) -> Outcome:
    return "met" if holds else "not met"


def _present(rules: SuitabilityRules, tubes: Sequence[GatedTube]) -> Iterator[Check]:
    there = Counter((tube.role, tube.marker) for tube in tubes)
    for wanted in rules.required_tubes:
        count = there[wanted.role, wanted.marker]
        name = f"{wanted.role} {wanted.marker or ''}".strip()
        yield Check(f"control {name}", "", f"{count}", "at least 1 tube", _met(count > 0))


def _distinct(tubes: Sequence[GatedTube]) -> Iterator[Check]:
    """The same bytes can't be two tubes: a file was copied over another."""
    seen: dict[str, str] = {}
    for tube in tubes:
        if tube.sample is None:
            continue
        first = seen.setdefault(tube.sample.sha256, tube.tube.name)
        if first != tube.tube.name:
            yield Check("own file", tube.tube.name, f"the same bytes as tube {first}", "its own", "not met")


def _identity(rules: SuitabilityRules, tubes: Sequence[GatedTube]) -> Iterator[Check]:
    """What the cytometer wrote into the file against what the lot says of the tube."""
    for tube in tubes if rules.identity else ():
        if tube.sample is None:
            continue
        if not tube.tube.codes:
            yield Check("identity", tube.tube.name, "no codes in the lot", "codes", "not assessable")
        for keyword, wanted in tube.tube.codes.items():
            found = tube.sample.keywords.get(keyword.upper(), "").strip()
            name = f"identity {keyword}"
            yield Check(name, tube.tube.name, found or "nothing", wanted, _met(found == wanted.strip()))


def _settings(rules: SuitabilityRules, tubes: Sequence[GatedTube]) -> Iterator[Check]:
    """The first readable tube is the measure; every other one has to agree with it."""
    readable = [tube for tube in tubes if tube.sample is not None]
    for keyword in rules.same_settings:
        if not readable:
            return
        measure = _setting(readable[0], keyword)
        for tube in readable[1:]:
            found = _setting(tube, keyword)
            differing = sorted(
                key for key in measure.keys() | found.keys() if measure.get(key) != found.get(key)
            )
            if differing:
                value = ", ".join(f"{key} {found.get(key, 'absent')}" for key in differing[:4])
                limit = ", ".join(f"{key} {measure.get(key, 'absent')}" for key in differing[:4])
                yield Check(f"same {keyword}", tube.tube.name, value, limit, "not met")
        if all(_setting(tube, keyword) == measure for tube in readable):
            value = f"alike in {len(readable)} tubes" if any(measure.values()) else "absent in all tubes"
            outcome: Outcome = "met" if any(measure.values()) else "not assessable"
            yield Check(f"same {keyword}", "", value, "alike in all tubes", outcome)


def _setting(tube: GatedTube, keyword: str) -> dict[str, str]:
    """Return the keywords of a tube that `keyword` stands for (``$PnV``: of every channel)."""
    assert tube.sample is not None
    keywords = tube.sample.keywords
    if "n" not in keyword[2:3]:
        return {keyword: keywords.get(keyword.upper(), "").strip()}
    before, after = keyword.upper().split("N", 1)
    return {
        channel.name: keywords.get(f"{before}{channel.index + 1}{after}", "").strip()
        for channel in tube.sample.channels
    }


def _staining(rules: SuitabilityRules, tubes: Sequence[GatedTube]) -> Iterator[Check]:
    longest = rules.stain_to_acquire_min
    for tube in tubes:
        if longest is None or tube.sample is None or tube.role != "sample":
            continue
        minutes = _minutes(tube.tube.stained_at, tube.sample.acquired.begin)
        name, limit = "stain to acquisition", f"0 to {longest:g} min"
        if minutes is None:
            yield Check(name, tube.tube.name, "a time is missing", limit, "not assessable")
        else:
            yield Check(name, tube.tube.name, f"{minutes:.0f} min", limit, _met(0 <= minutes <= longest))


def _minutes(stained: dt.datetime | None, acquired: dt.datetime | None) -> float | None:
    """Return the minutes between two times; a cytometer's time without a zone is taken for the lot's zone."""
    if stained is None or acquired is None:
        return None
    if acquired.tzinfo is None:
        acquired = acquired.replace(tzinfo=stained.tzinfo)
    return (acquired - stained).total_seconds() / 60


def _acquisition(rules: SuitabilityRules, tubes: Sequence[GatedTube]) -> Iterator[Check]:
    rule = rules.acquisition
    for tube in tubes:
        if rule is None or tube.quality is None:
            continue
        quality, name = tube.quality, tube.tube.name
        if quality.kept_time is None:
            outcome: Outcome = "not assessable" if rule.must_be_assessable else "met"
            yield Check("steady acquisition", name, quality.reason, "a run that can be judged", outcome)
            continue
        removed = 100 * (1 - quality.kept_time)
        limit = f"at most {rule.most_removed_pct:g} % of the time removed"
        yield Check(
            "steady acquisition", name, f"{removed:.2g} %", limit, _met(removed <= rule.most_removed_pct)
        )


def _events(rules: SuitabilityRules, tubes: Sequence[GatedTube]) -> Iterator[Check]:
    for population, least in rules.minimum_events.items():
        for tube in tubes:
            if tube.role != "sample" or tube.gating is None:
                continue
            found = tube.kept.get(population)
            outcome: Outcome = "not assessable" if found is None else _met(found >= least)
            value = "not counted" if found is None else f"{found:,}"
            yield Check(f"events of {population}", tube.tube.name, value, f"at least {least:,}", outcome)


def _range(rule: ControlRange, tubes: Sequence[GatedTube]) -> Iterator[Check]:
    name = " ".join(part for part in (rule.role, rule.marker, f"{rule.population} of {rule.of}") if part)
    limit = f"{rule.low_pct:g} to {rule.high_pct:g} %"
    for tube in tubes:
        if (tube.role, tube.marker) != (rule.role, rule.marker) or tube.gating is None:
            continue
        part, whole = tube.kept.get(rule.population), tube.kept.get(rule.of)
        if part is None or not whole:
            yield Check(name, tube.tube.name, f"no {rule.of}", limit, "not assessable")
            continue
        share = 100 * part / whole
        value = f"{share:.3g} % ({part:,} of {whole:,})"
        yield Check(name, tube.tube.name, value, limit, _met(rule.low_pct <= share <= rule.high_pct))


def _bead_only(rules: SuitabilityRules, tubes: Sequence[GatedTube]) -> Iterator[Check]:
    most = rules.most_cells_per_100_beads
    for tube in tubes:
        if most is None or tube.role != "bead-only" or tube.gating is None:
            continue
        cells, beads = tube.kept.get("viable"), tube.kept.get("beads")
        limit = f"at most {most:g} viable cells for 100 beads"
        if cells is None or not beads:
            yield Check("bead-only tube", tube.tube.name, "no beads", limit, "not assessable")
        else:
            found = 100 * cells / beads
            yield Check("bead-only tube", tube.tube.name, f"{found:.2g}", limit, _met(found <= most))
