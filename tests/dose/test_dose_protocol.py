"""Protocols: nothing clinical has a default, and the shipped ones say whose limits they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nkflow import documents
from nkflow.dose.protocol import Protocol, load_protocol, protocols
from nkflow.errors import ProtocolError
from worked.cases import changed, plain, protocol

DEFINITIONS = ("dosed_population", "viable", "residual_t", "purity_denominator", "weight_basis")


def refused(changes: dict[str, Any]) -> str:
    with pytest.raises(ProtocolError) as caught:
        documents.validate(changed(plain("protocol"), changes), Protocol, name="p", error=ProtocolError)
    return str(caught.value)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_definitions__are_all_required(name: str) -> None:
    assert f"definitions.{name}" in refused({f"definitions.{name}": None})


@pytest.mark.parametrize(
    "path",
    [
        "confidence",
        "day_tolerance",
        "dose_window",
        "mass",
        "volume",
        "limits",
        "externals",
        "counting.overdispersion",
        "counting.overdispersion.source",
        "counting.replicates",
        "counting.excluded_doublets",
        "counting.gating",
        "counting.rare",
        "counting.count_valid_h",
    ],
)
def test_rules__are_all_required(path: str) -> None:
    assert path in refused({path: None})


def test_overdispersion__is_declared_for_every_population() -> None:
    assert "lacks NKT-like" in refused({"counting.overdispersion.phi0.NKT-like": None})
    assert "greater than or equal to 1" in refused({"counting.overdispersion.phi0.T": 0.5})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"limits.1.name": "T/kg < 10000"}, "its own name"),
        ({"doses.1.number": 1}, "its own name"),
        ({"limits.0.decimals": None}, "decimals"),
        ({"limits.0.rule": None}, "rule"),
        ({"limits.0.op": "≤"}, "'<='"),
        ({"counting.rare.T.lob": {}}, "events, fraction or marker"),
        ({"counting.rare.T.lob": {"events": 3.0, "fraction": 0.1}}, "not both"),
        ({"counting.rare.T.lod_events": 60.0}, "at most lloq_events"),
        ({"counting.count_valid_h": {"frozen": 4.0}}, "count_valid_h"),
        ({"definitions.dosed_population": "CD56"}, "dosed_population"),
        ({"counting.methods": []}, "methods"),
    ],
)
def test_protocols__that_mean_nothing_are_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(changes)


def test_words_of_the_definitions__name_populations() -> None:
    found = protocol(definitions__residual_t="CD3+", definitions__dosed_population="NK")
    names = ("residual T", "dosed", "purity denominator", "B")
    assert [found.population(name) for name in names] == ["CD3+", "NK", "viable", "B"]


def test_shipped__are_found_by_name_and_by_path(project: Path) -> None:
    assert protocols() == ("cd56_nk_aml_phase1", "nk_release_example")
    for name in protocols():
        found = load_protocol(name)
        assert found.name == name
        assert found == load_protocol(project / "protocols" / f"{name}.yaml")


def test_shipped_schedule__is_the_published_one() -> None:
    found = load_protocol("cd56_nk_aml_phase1")
    assert [(dose.day, dose.per_kg) for dose in found.doses] == [(0, 1e6), (5, 3e6), (10, 5e6)]
    assert found.definitions.dosed_population == "CD56+"
    assert found.counting.excluded_doublets.policy == "correct"


def test_shipped_release_table__is_the_published_one() -> None:
    """Lapteva et al. 2012, Table IV."""
    table = {
        limit.name: (limit.op, limit.value, limit.unit)
        for limit in load_protocol("nk_release_example").limits
    }
    assert table == {
        "residual T": ("<", 2e5, "cells/kg"),
        "purity CD3-CD56+": (">", 70.0, "%"),
        "viability": (">", 70.0, "%"),
        "endotoxin": ("<", 5.0, "EU/mL"),
        "feeder cells": ("<", 0.1, "%"),
        "potency": (">", 20.0, "%"),
    }


def test_shipped__name_a_source_for_every_limit_and_say_what_is_an_example() -> None:
    for name in protocols():
        found = load_protocol(name)
        assert all(len(limit.source) > 10 for limit in found.limits)
        assert "example" in found.counting.overdispersion.source


def test_unknown_name__lists_the_shipped_ones() -> None:
    with pytest.raises(ProtocolError, match="cd56_nk_aml_phase1, nk_release_example"):
        load_protocol("cd56")


def test_hash__is_of_the_content(tmp_path: Path, project: Path) -> None:
    text = (project / "protocols" / "cd56_nk_aml_phase1.yaml").read_text()
    path = tmp_path / "copy.yaml"
    path.write_text("# another layout\n" + text)
    shipped = load_protocol("cd56_nk_aml_phase1")
    assert load_protocol(path).sha256 == shipped.sha256
    path.write_text(text.replace("value: 2.0e5", "value: 3.0e5"))
    assert load_protocol(path).sha256 != shipped.sha256
