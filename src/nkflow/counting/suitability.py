"""What counting has to say about its own validity, by the protocol's counting rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nkflow.counting.crosscheck import bead_doublets, bead_recovery, other_methods
from nkflow.counting.doublets import Doublets
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.frequency import Frequency
from nkflow.counting.rules import CountingRules
from nkflow.fcs.findings import Finding

if TYPE_CHECKING:
    from nkflow.counting.composition import Composition

__all__ = ["counting_findings"]


def counting_findings(composition: Composition, *, dosed: str) -> tuple[Finding, ...]:
    """Return what is odd about the counts; severity error means that no dose may rest on them.

    Parameters
    ----------
    dosed
        Population whose replicates have to agree.
    """
    rules = composition.rules
    found = [*(finding for tube in composition.tubes for finding in tube.findings)]
    found += _volumes(composition)
    if rules is None:
        return tuple(found)
    found += _method(composition, rules)
    found += _beads(composition, rules)
    found += _replicates(composition, rules, dosed=dosed)
    found += _scatter(composition)
    found += _doublets(composition, rules)
    found += _platforms(composition, rules, dosed=dosed)
    return tuple(found)


def _volumes(composition: Composition) -> Iterator[Finding]:
    for tube in composition.tubes:
        if tube.acquisition.noted:
            share = 100 * tube.acquisition.missing_fraction
            yield Finding(
                "events-aborted-or-lost",
                "warning",
                f"tube {tube.tube} lacks {share:.1f} % of its events ($ABRT, $LOST)",
                f"tube {tube.tube}",
                "volumetric counts are corrected for it; bead ratios need no correction",
            )


def _method(composition: Composition, rules: CountingRules) -> Iterator[Finding]:
    method = composition.counting.method
    if method not in rules.methods:
        yield Finding(
            "counting-method",
            "error",
            f"counted by {method}, which the protocol does not allow",
            "counting.method",
            f"allowed: {', '.join(rules.methods)}",
        )
    if composition.pooled["viable"] == 0:
        yield Finding("no-viable-cells", "error", "no viable cell was counted", "viable")


def _beads(composition: Composition, rules: CountingRules) -> Iterator[Finding]:
    rule = rules.beads
    if rule is None or composition.scale.method not in ("beads", "bead_tube"):
        return
    counted = composition.pooled["beads"]
    if counted < rule.minimum_events:
        text = f"{counted} bead events; the protocol asks for {rule.minimum_events}"
        yield Finding("few-beads", "error", text, "beads", "the concentration rests on too few beads")
    recovery = bead_recovery(composition)
    if not isinstance(recovery, NotEvaluable):
        low, high = rule.recovery
        out = [ratio for ratio in recovery.ratios if not low <= ratio <= high]
        if out:
            text = f"bead recovery {', '.join(f'{ratio:.3f}' for ratio in out)} outside {low:g} to {high:g}"
            consequence = "beads, pipettes or the volume reading are wrong; which one is not known"
            yield Finding("bead-recovery", "error", text, "beads", consequence)
    share = bead_doublets(composition)
    if not isinstance(share, NotEvaluable) and 100 * share > rule.max_doublet_pct:
        text = f"{100 * share:.1f} % of the bead events are doublets"
        yield Finding("bead-doublets", "warning", text, "beads", "the dose is overstated by about as much")


def _replicates(composition: Composition, rules: CountingRules, *, dosed: str) -> Iterator[Finding]:
    rule, tubes = rules.replicates, len(composition.tubes)
    if tubes < rule.minimum:
        text = f"{tubes} sample tube{'s' if tubes != 1 else ''}; the protocol asks for {rule.minimum}"
        yield Finding("few-tubes", "error", text, "tubes", "replicates can't be compared")
    deviation = composition.max_deviation_pct(dosed)
    if tubes < 2 or deviation <= rule.max_deviation_pct:
        return
    text = (
        f"a tube deviates {deviation:.1f} % from the mean of {dosed} (accepted: {rule.max_deviation_pct:g} %)"
    )
    if rule.when_exceeded == "another_tube" and tubes < rule.most:
        consequence = f"the protocol asks for another tube, up to {rule.most}; none is left out"
        yield Finding("replicates-disagree", "error", text, dosed, consequence)
    else:
        yield Finding("replicates-disagree", "warning", text, dosed, "all tubes stay pooled")


def _scatter(composition: Composition) -> Iterator[Finding]:
    """Report every population whose replicates scatter more than declared."""
    for population in composition.populations:
        of = "CD45+" if population in ("viable", "dead") else "viable"
        share = composition.frequency(population, of)
        if isinstance(share, Frequency) and share.homogeneity.raised:
            test = share.homogeneity
            yield Finding(
                "over-dispersion",
                "warning",
                f"replicates of {share.name} scatter more than declared (X² {test.x2:.3g}, p {test.p:.3g})",
                share.name,
                f"its variance is multiplied by {test.phi:.3g} instead of {test.phi0:g}; no tube is left out",
            )


def _doublets(composition: Composition, rules: CountingRules) -> Iterator[Finding]:
    doublets, policy = composition.doublets, rules.excluded_doublets.policy
    if isinstance(doublets, Doublets):
        effect = 100 * (doublets.factor - 1)
        done = f"corrected by {doublets.applied:.4f}" if policy == "correct" else "not corrected"
        done = "they cancel" if composition.scale.method == "dual_platform" else done
        text = f"excluded doublets hold {100 * doublets.cells_fraction:.1f} % of the cells"
        yield Finding("excluded-doublets", "info", text, "singlets", f"{effect:+.1f} % on the dose; {done}")
    elif composition.scale.method == "dual_platform":
        return  # they cancel
    elif policy == "correct":
        text = f"excluded doublets are to be corrected, but {doublets.reason}"
        yield Finding(
            "excluded-doublets-unknown", "error", text, "singlets", "cells in them can't be put back"
        )
    elif policy == "state":
        text = f"excluded doublets are to be stated, but {doublets.reason}"
        yield Finding("excluded-doublets-unknown", "warning", text, "singlets", "the dose may be understated")


def _platforms(composition: Composition, rules: CountingRules, *, dosed: str) -> Iterator[Finding]:
    """Compare with every other method that has data."""
    events = composition.pooled[dosed]
    own = composition.scale.per_ul(events) * composition.doublet_factor(composition.scale.method)
    for method, scale in other_methods(composition).items():
        if isinstance(scale, NotEvaluable) or own == 0:
            continue
        difference = 100 * (scale.per_ul(events) * composition.doublet_factor(method) / own - 1)
        if abs(difference) > rules.cross_platform_pct:
            text = f"{dosed} by {method} differs {difference:+.1f} % from {composition.scale.method}"
            consequence = (
                f"more than the {rules.cross_platform_pct:g} % the protocol expects; one of them is wrong"
            )
            yield Finding("platforms-disagree", "warning", text, dosed, consequence)
