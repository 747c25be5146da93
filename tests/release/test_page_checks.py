"""What a reviewer asks of the page beyond the verdict: other ways of counting, doses before, KIR ligands."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from lxml import html

from nkflow.documents import validate
from nkflow.dose.document import dose_of_counts
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import load_protocol
from nkflow.release.page import render
from page_records import lot_document, record_from, record_of


def said(record: dict[str, Any], section: str) -> str:
    tree = html.document_fromstring(render(record))
    return " ".join(tree.xpath(f"//section[@id='{section}']")[0].text_content().split())


def test_checks__monte_carlo_stands_beside_the_budget() -> None:
    record = record_of("PASS")
    words = said(record, "checks")
    found = record["dose"]["monte_carlo"]["CD56+"]
    assert "1,000,000" in words
    assert "seed 1" in words
    assert f"{100 * found['rel_sd']:.2f} %" in words
    assert f"{100 * found['u_rel_of_budget']:.2f} %" in words


def test_checks__beads_are_compared_with_the_cytometer_tube_by_tube() -> None:
    document = lot_document()
    for tube, volume in zip(document["tubes"], (307.5, 301.0, 302.5), strict=True):
        tube["acquired_volume_ul"] = volume
        tube["counts"]["bead doublets"] = 150
    record = record_from(document)
    words = said(record, "checks")
    for ratio in ("1.009", "0.987", "1.002"):
        assert ratio in words
    assert "1.00 %" in words  # 450 of 44,925 bead events are doublets
    assert "310.2 µL by the beads, 307.5 µL by the cytometer" in words


def test_checks__other_platforms_are_corrected_for_doublets_where_they_have_to_be() -> None:
    """An analyser counts the cells in doublets, and the share of it has lost them on both sides."""
    document = lot_document()
    document["counting"]["analyser"] = {"wbc_per_ul": 5250.0}
    for tube in document["tubes"]:
        tube["acquired_volume_ul"] = 300.0
    record = record_from(document)
    composition = record["dose"]["composition"]
    others, own = composition["cross_checks"], composition["concentrations"]["CD56+"]["per_ul"]
    factor = composition["excluded_doublets"]["applied_factor"]
    assert factor > 1
    assert others["dual_platform"]["per_ul"]["CD56+"] == pytest.approx(5250 * 18995 / 24253)
    volumetric = factor * 18995 / 900 * 500 / 50 * 20
    assert others["volumetric"]["per_ul"]["CD56+"] == pytest.approx(volumetric)
    words = said(record, "checks")
    assert f"{100 * (5250 * 18995 / 24253 / own - 1):.1f} %".replace("-", "−") in words
    assert "not evaluable" in words  # dried beads


def test_context__names_the_kir_ligands_that_the_recipient_lacks() -> None:
    document = lot_document() | {"kir_ligands": {"donor": ["C1", "C2", "Bw4"], "recipient": ["C1"]}}
    page = render(record_from(document))
    assert "mismatch in GvH direction: C2, Bw4 (KIR2DL1, KIR3DL1)" in page
    alike = lot_document() | {"kir_ligands": {"donor": ["C1"], "recipient": ["C1", "C2"]}}
    assert "no mismatch in GvH direction" in render(record_from(alike))
    assert "KIR ligands" not in render(record_of("PASS"))


def test_plan__has_the_doses_before_by_record_volume_and_time() -> None:
    first = lot_document() | {"lot": "NK-1"}
    first["dose"] = {"number": 1, "infusion_at": "2026-03-17T14:00:00Z"}
    protocol = load_protocol("cd56_nk_aml_phase1")
    given = dose_of_counts(validate(first, Lot, name="first"), protocol).as_dict()
    content = json.dumps(given, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()
    now = lot_document()
    now["dose"] = {
        "number": 3,
        "infusion_at": "2026-03-17T14:00:00Z",
        "skipped": [{"number": 2, "reason": "fever"}],
        "earlier": [
            {
                "number": 1,
                "record": "record.json",
                "record_sha256": digest,
                "volume_infused_ml": 4.1,
                "infused_at": "2026-03-07T13:10:00Z",
            }
        ],
    }
    lot = validate(now, Lot, name="now").with_records({digest: json.loads(content)})
    dose = dose_of_counts(lot, protocol).as_dict()
    record = record_of("PASS") | {"dose": dose, "lot": lot.model_dump(mode="json")}
    words = said(record, "plan")
    assert digest in words
    assert "2026-03-07 13:10 UTC" in words
    assert "4.1 mL" in words
    assert "lot NK-1" in words
    assert "fever" in words
    [earlier] = dose["earlier"]
    concentration = given["composition"]["concentrations"]["CD56+"]["per_ul"]
    assert earlier["per_kg"]["CD56+"] == pytest.approx(1000 * concentration * 4.1 / 18.6)
    assert earlier["infused_at"].startswith("2026-03-07T13:10")
