"""What counting has to say about its own validity."""

from __future__ import annotations

from typing import Any

import pytest

from nkflow.counting.inputs import Counting
from nkflow.counting.quantify import quantify, under
from nkflow.counting.suitability import counting_findings
from nkflow.counting.tubes import TubeCounts
from nkflow.counting.volume import Acquisition
from nkflow.fcs.findings import Finding
from worked.cases import composition, counts, protocol

THREE = (counts(), counts(T=52), counts(T=61))


def findings(*tubes: dict[str, int], **rules: Any) -> dict[str, Finding]:
    judged = under(composition(*tubes), protocol(**rules).counting)
    return {finding.code: finding for finding in counting_findings(judged, dosed="CD56+")}


def test_good_counts__have_nothing_to_say() -> None:
    assert findings(*THREE) == {}


def test_without_rules__nothing_is_judged() -> None:
    assert counting_findings(composition(*THREE), dosed="CD56+") == ()


def test_method__has_to_be_allowed() -> None:
    assert findings(*THREE, counting__methods=["volumetric"])["counting-method"].severity == "error"


def test_few_beads_and_few_tubes__are_errors() -> None:
    found = findings(counts(beads=400))
    assert found["few-beads"].severity == "error"
    assert found["few-tubes"].severity == "error"


def test_disagreeing_pair__calls_for_the_third_tube_and_drops_none() -> None:
    apart = (counts(), counts(NK=3400))
    found = findings(*apart)["replicates-disagree"]
    assert found.severity == "error"
    assert "another tube" in found.consequence
    inflated = findings(*apart, counting__replicates__when_exceeded="inflate")
    assert inflated["replicates-disagree"].severity == "warning"


def test_third_tube__ends_the_calling() -> None:
    found = findings(counts(), counts(NK=3400), counts())["replicates-disagree"]
    assert found.severity == "warning"
    assert "stay pooled" in found.consequence


def test_scatter__is_flagged_and_inflates() -> None:
    found = findings(counts(T=55), counts(T=52), counts(T=95))["over-dispersion"]
    assert found.severity == "warning"
    assert found.where in ("T of viable", "CD3+ of viable")


def test_doublets__are_stated_or_called_for() -> None:
    rule = {"policy": "correct", "u_cells_per_event": 0.2, "source": "test"}
    assert findings(*THREE, counting__excluded_doublets=rule)["excluded-doublets-unknown"].severity == "error"
    stated = findings(*THREE, counting__excluded_doublets={"policy": "state"})
    assert stated["excluded-doublets-unknown"].severity == "warning"
    known = [tube | {"cells": 9000, "singlets": 8500} for tube in THREE]
    assert findings(*known, counting__excluded_doublets=rule)["excluded-doublets"].severity == "info"


def test_bead_doublets__overstate_the_dose() -> None:
    doubled = [tube | {"bead doublets": 1200} for tube in THREE]
    assert findings(*doubled)["bead-doublets"].severity == "warning"


@pytest.mark.parametrize(
    ("read", "codes"), [(307.5, set()), (250.0, {"bead-recovery", "platforms-disagree"})]
)
def test_volume_reading__is_compared_with_the_beads(read: float, codes: set[str]) -> None:
    inputs = composition(counts()).counting
    tubes = [TubeCounts(name, tube, Acquisition(read)) for name, tube in zip("ABC", THREE, strict=True)]
    judged = under(quantify(tubes, counting=inputs), protocol(counting__cross_platform_pct=15.0).counting)
    assert {finding.code for finding in counting_findings(judged, dosed="CD56+")} == codes


def test_dual_platform__is_compared_where_there_is_an_analyser() -> None:
    assert composition(*THREE).counting.analyser is not None
    assert "platforms-disagree" in findings(*THREE, counting__cross_platform_pct=0.1)


def test_lost_events__are_told_above_a_hundredth() -> None:
    inputs: Counting = composition(counts()).counting
    tube = TubeCounts("A", counts(), Acquisition(307.5, events=9000, aborted=200))
    found = counting_findings(quantify([tube], counting=inputs), dosed="CD56+")
    assert [finding.code for finding in found] == ["events-aborted-or-lost"]


def test_no_viable_cell__is_an_error() -> None:
    empty = {"beads": 15000, "dead": 10, "NK": 0, "NKT-like": 0, "T": 0, "viable": 0}
    assert findings(empty, empty)["no-viable-cells"].severity == "error"
