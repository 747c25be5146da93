"""The record for people: one HTML file per lot, without a script, without an outside request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nkflow.release.page.acquisition import acquisition
from nkflow.release.page.budget import budget
from nkflow.release.page.checks import checks
from nkflow.release.page.compensation import compensation
from nkflow.release.page.counts import events, populations
from nkflow.release.page.hand import by_hand
from nkflow.release.page.judgement import doubtful, findings, limits
from nkflow.release.page.margin import margin
from nkflow.release.page.model import Fact, Page, Section
from nkflow.release.page.paper import typeset
from nkflow.release.page.plan import plan
from nkflow.release.page.provenance import definitions, inputs, versions
from nkflow.release.page.reasons import reasons
from nkflow.release.page.second import second_engine
from nkflow.release.page.suitability import suitability
from nkflow.release.page.summary import context, figures, formula, identity
from nkflow.release.page.wording import wording
from nkflow.release.record import sha256

__all__ = ["render"]

Record = Mapping[str, Any]


def render(
    record: Record,
    drawings: Mapping[str, Sequence[str]] | None = None,
    timelines: Mapping[str, str] | None = None,
) -> str:
    """Return the page of `record` as HTML.

    Parameters
    ----------
    record
        Plain values, as `nkflow.release.record` has them. Every text in it is taken for hostile.
    drawings
        SVG elements by the id of their tube, in gating order (`nkflow.release.drawing`); they are our own
        and stand as they are.
    timelines
        Likewise, the run of each tube over time.
    """
    words = wording(record["verdict"])
    page = Page(
        verdict=str(record["verdict"]),
        words=words,
        lot=record["lot"]["lot"],
        identity=identity(record),
        context=context(record),
        reasons=reasons(record),
        figures=figures(record),
        formula=formula(record),
        sections=tuple(_sections(record, drawings or {}, timelines or {})),
        roles=_roles(str(record["verdict"]), doubtful(record)),
        record_sha256=sha256(record),
        footer=f"{record['schema']} {record['version']}, made by nkflow {record['versions']['nkflow']}; "
        "every number here is in record.json at full precision and can be recomputed from the raw files.",
    )
    return typeset(page)


def _sections(
    record: Record, drawings: Mapping[str, Sequence[str]], timelines: Mapping[str, str]
) -> Iterator[Section]:
    """Yield the parts of the page, as far as the record has them."""
    dose = record.get("dose")
    composition = dose["composition"] if dose else record.get("composition")
    yield suitability(record)
    stained = compensation(record)
    if stained is not None:
        yield stained
    if dose:
        yield limits(record)
    yield findings(record)
    yield second_engine(record)
    if dose:
        yield by_hand(record)
        yield plan(dose)
    if composition:
        yield events(composition)
        yield populations(composition)
    if record.get("margins"):
        yield margin(record)
    if dose and composition:
        meant = dose["protocol"]["definitions"]
        yield budget(composition, {meant["dosed_population"]: "dosed", meant["residual_t"]: "residual T"})
        yield checks(dose)
    if any(tube.get("acquisition") for tube in record["tubes"]):
        yield acquisition(record, timelines)
    yield from _plots(record, drawings)
    yield definitions(record)
    yield inputs(record)
    yield versions(record)


def _plots(record: Record, drawings: Mapping[str, Sequence[str]]) -> Iterator[Section]:
    """Yield the drawings of each tube in gating order; the first tube's lie open."""
    drawn = [tube for tube in record["tubes"] if drawings.get(tube["id"])]
    for k, tube in enumerate(drawn):
        yield Section(
            f"plots-{k + 1}",
            f"Gates of tube {tube['id']}",
            f"{tube['role']}, {len(drawings[tube['id']])} plots in gating order{_and_cuts(tube)}",
            drawings=tuple(drawings[tube["id"]]),
            open=k == 0,
        )


def _and_cuts(tube: Record) -> str:
    """Say that the cuts which were found in the tube stand behind its gates."""
    return ", the cuts that were found last" if "resolution" in (tube["gating"] or {}) else ""


def _roles(verdict: str, unsure: Sequence[str]) -> tuple[Fact, ...]:
    """Return who signs what: only a PASS can be approved here, and one that is unsure needs a reason."""
    reason = f"Reason (assurance is not PASS: {', '.join(unsure)})" if unsure else ""
    approval = Fact("Quality assurance (approval)", "The product may be infused.")
    decision = Fact(
        "Quality assurance (decision)",
        f"Seen as {verdict}; this page approves nothing. What happens next:",
        "Decision and reason",
    )
    return (
        Fact("Analyst (authorship)", "I measured, gated and computed this."),
        Fact("Reviewer (review)", "I checked inputs, gates, numbers and findings.", reason),
        approval if verdict == "PASS" else decision,
    )
