"""Can the beads be counted on: enough of them, all of them recovered, and a tube with them alone that holds no cell?"""

from __future__ import annotations

from collections.abc import Iterator

from nkflow.counting.absolute import beads_added
from nkflow.counting.crosscheck import bead_doublets, bead_recovery
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.rules import BeadRule
from nkflow.release.suitability.check import Check, Measured, met
from nkflow.release.tubes import GatedTube

__all__ = ["bead_checks"]

_BY_BEADS = ("beads", "bead_tube")
_ALLOWED = 2.0  # counting errors, of one tube of beads alone


def bead_checks(measured: Measured) -> Iterator[Check]:
    """Yield what the protocol's counting rules ask of beads, as far as they are preconditions."""
    composition = measured.composition
    rule = None if composition is None or composition.rules is None else composition.rules.beads
    if rule is not None and measured.lot.counting.method in _BY_BEADS:
        yield from _counted(measured, rule)
    for tube in measured.tubes:
        if tube.role == "bead-only" and tube.gating is not None:
            yield from _alone(measured, tube, rule)


def _counted(measured: Measured, rule: BeadRule) -> Iterator[Check]:
    """Yield the bead events, their recovery and their doublets in the sample tubes."""
    asked, composition, source = measured.rules.counting, measured.composition, "protocol, counting.beads"
    assert composition is not None
    if "bead events" in asked:
        found = composition.pooled.get("beads", 0)
        limit = f"at least {rule.minimum_events:,} in all"
        outcome = met(found >= rule.minimum_events)
        yield Check("bead events", "", f"{found:,}", limit, outcome, source)
    if "bead recovery" in asked:
        low, high = rule.recovery
        limit, recovery = f"{low:g} to {high:g}", bead_recovery(composition)
        if isinstance(recovery, NotEvaluable):
            yield Check("bead recovery", "", recovery.reason, limit, "not assessable", source)
        else:
            for tube, ratio in zip(composition.tubes, recovery.ratios, strict=True):
                outcome = met(low <= ratio <= high)
                yield Check("bead recovery", tube.tube, f"{ratio:.3f}", limit, outcome, source)
    share = bead_doublets(composition)
    if "bead doublets" in asked and not isinstance(share, NotEvaluable):
        outcome = met(100 * share <= rule.max_doublet_pct)
        limit = f"at most {rule.max_doublet_pct:g} %"
        yield Check("bead doublets", "", f"{100 * share:.2g} %", limit, outcome, source)


def _alone(measured: Measured, tube: GatedTube, rule: BeadRule | None) -> Iterator[Check]:
    """Yield what a tube of beads alone must show: no cells, and the beads that were pipetted."""
    most, source = measured.rules.most_cells_per_100_beads, measured.rules.source
    beads = tube.kept.get("beads")
    if most is not None:
        name, limit = "bead-only tube, cells", f"at most {most:g} cells for 100 beads"
        cells = tube.kept.get("cells", tube.kept.get("viable"))
        if cells is None or not beads:
            yield Check(name, tube.tube.name, "no beads", limit, "not assessable", source)
        else:
            found = 100 * cells / beads
            value = f"{found:.2g} ({cells:,} cells, {beads:,} beads)"
            yield Check(name, tube.tube.name, value, limit, met(found <= most), source)
    if rule is None or "bead recovery" not in measured.rules.counting:
        return
    # one tube of a few thousand beads: twice the counting error of its own is allowed for
    low, high = rule.recovery
    counting = _ALLOWED / (beads or 1) ** 0.5
    low, high = low * (1 - counting), high * (1 + counting)
    name, limit, source = "bead-only tube, recovery", f"{low:.3g} to {high:.3g}", "protocol, counting.beads"
    ratio = _recovered(measured, tube)
    if isinstance(ratio, NotEvaluable):
        yield Check(name, tube.tube.name, ratio.reason, limit, "not assessable", source)
    else:
        yield Check(name, tube.tube.name, f"{ratio:.3f}", limit, met(low <= ratio <= high), source)


def _recovered(measured: Measured, tube: GatedTube) -> float | NotEvaluable:
    """Return the volume that the counted beads imply over the volume that the cytometer read."""
    counting = measured.lot.counting
    added, beads = beads_added(counting), tube.kept.get("beads")
    if added is None or counting.tube_volume_ul is None or not beads:
        return NotEvaluable("beads per tube, the final volume of a tube and beads are needed")
    read = tube.volume(counting)
    if isinstance(read, NotEvaluable):
        return read
    return beads / added * counting.tube_volume_ul / read
