"""Lot documents: paths, files, records of earlier doses, and every mistake at once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from nkflow import documents
from nkflow.dose.document import dose_document, load_counted
from nkflow.dose.lot import Lot, load_lot
from nkflow.errors import LotError
from worked.cases import changed, dose, lot, plain


def written(folder: Path, tree: dict[str, Any]) -> Path:
    path = folder / "lot.yaml"
    with path.open("w") as stream:
        YAML(typ="safe", pure=True).dump(tree, stream)
    return path


def with_files(**changes: Any) -> dict[str, Any]:
    tree = changed(plain("lot"), {name.replace("__", "."): value for name, value in changes.items()})
    tree["tubes"] = [
        {"id": "A", "role": "sample", "file": "A.fcs"},
        {"id": "B", "role": "sample", "file": "B.fcs"},
    ]
    return tree | {"template": "nk_release_7aad", "protocol": "cd56_nk_aml_phase1"}


def test_paths__become_absolute_and_names_stay_names(tmp_path: Path) -> None:
    for name in ("A.fcs", "B.fcs"):
        (tmp_path / name).touch()
    found = load_lot(written(tmp_path, with_files()))
    assert [tube.file for tube in found.tubes] == [tmp_path / "A.fcs", tmp_path / "B.fcs"]
    assert (found.template, found.protocol) == ("nk_release_7aad", "cd56_nk_aml_phase1")


def test_path_of_a_document__is_relative_to_the_lot(tmp_path: Path) -> None:
    for name in ("A.fcs", "B.fcs", "own.yaml"):
        (tmp_path / name).touch()
    found = load_lot(written(tmp_path, with_files() | {"template": "own.yaml", "protocol": "./own.yaml"}))
    assert Path(str(found.template)) == tmp_path / "own.yaml"
    assert Path(found.protocol).resolve() == tmp_path / "own.yaml"


def test_missing_files__are_told_all_at_once(tmp_path: Path) -> None:
    tree = with_files() | {"template": "gone/own.yaml"}
    tree["dose"] |= {"number": 2, "earlier": [earlier("gone.json", "0" * 64)]}
    with pytest.raises(LotError) as caught:
        load_lot(written(tmp_path, tree))
    places = [problem.path for problem in caught.value.problems]
    assert places == ["template", "tubes[0].file", "tubes[1].file", "dose.earlier[0].record"]
    assert all(
        problem.file.endswith("lot.yaml") and problem.line and problem.next_step
        for problem in caught.value.problems
    )


def test_mistakes__are_told_all_at_once_with_their_lines(tmp_path: Path) -> None:
    tree = changed(plain("lot"), {"recipient.mass_kg": 0.0, "product.bag_volume": 3, "dose.number": "first"})
    with pytest.raises(LotError) as caught:
        load_lot(written(tmp_path, tree))
    assert {problem.path for problem in caught.value.problems} == {
        "recipient.mass_kg",
        "product.bag_volume",
        "dose.number",
        "protocol",
    }
    assert all(problem.line for problem in caught.value.problems)


def test_mistakes__of_lot_protocol_and_absent_files_come_together(tmp_path: Path) -> None:
    """One round of correction: what is misspelled, what isn't there and what the protocol has wrong."""
    tree = with_files() | {"protocol": "mine.yaml", "colour": "red"}
    rules = changed(plain("protocol"), {"confidence": 2.0})
    YAML(typ="safe", pure=True).dump(rules, tmp_path / "mine.yaml")
    path = written(tmp_path, changed(tree, {"recipient.mass_kg": 0}))
    with pytest.raises(LotError) as caught:
        load_counted(path)
    found = {problem.path: problem for problem in caught.value.problems}
    assert {"recipient.mass_kg", "colour", "tubes[0].file", "confidence"} <= set(found)
    assert all(problem.line and problem.next_step for problem in found.values())
    assert found["tubes[0].file"].file == str(path)


def test_protocol__that_nothing_shipped_is_called_is_a_mistake_of_the_lot(tmp_path: Path) -> None:
    path = written(tmp_path, plain("lot") | {"protocol": "nope"})
    with pytest.raises(LotError, match=r"lot\.yaml:\d+: protocol: found 'nope'; expected one of .*cd56"):
        load_counted(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recipient.mass_lb": 41.0}, "unknown key"),
        ({"recipient.mass_kg": 410.0}, "less than or equal to 300"),
        ({"product.dead_volume_ml": 45.0}, "more than its QC and dead volumes"),
        ({"product.counted_at": "2026-03-17T10:30:00"}, "timezone"),
        ({"dose.earlier": [{"number": 3}]}, "required"),
        ({"dose.skipped": [{"number": 1, "reason": "late"}]}, "below 1"),
        ({"product.vials": {"count": 2, "volume_ml": 5.0}}, "hold 10 mL, and bag_volume_ml is 46"),
        ({"tubes": []}, "at least 1"),
        ({"tubes": [{"id": "A", "role": "fmo", "marker": "CD3", "counts": {}}]}, "role sample"),
        ({"tubes": [{"id": "A", "role": "fmo", "counts": {}}]}, "names its marker"),
        ({"tubes": [{"id": "A", "role": "sample"}]}, "a file or counts"),
        ({"tubes": [{"id": "A", "role": "sample", "file": "A.fcs"}]}, "need a template"),
        ({"tubes.1.id": "A"}, "doubled: A"),
        ({"counting.beads.per_tube": 50000.0}, "only one of them"),
    ],
)
def test_lots__that_mean_nothing_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(LotError, match=said):
        documents.validate(changed(plain("lot"), changes), Lot, name="lot", error=LotError)


def test_dump__reads_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "lot.yaml"
    path.write_text(documents.dump(lot()), encoding="utf-8")
    tree = lot(protocol="worked_example")
    path.write_text(documents.dump(tree), encoding="utf-8")
    assert load_lot(path) == tree


def test_record__with_another_hash_is_refused(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    record.write_text("{}")
    tree = plain("lot") | {"protocol": "worked_example"}
    tree["dose"] |= {"number": 2, "earlier": [earlier("record.json", "0" * 64)]}
    with pytest.raises(LotError, match="The record has changed"):
        load_lot(written(tmp_path, tree))


@pytest.mark.parametrize("content", ["[1]", "not JSON", '{"verdict": "PASS"}'])
def test_record__that_is_no_dose_is_refused(tmp_path: Path, content: str) -> None:
    record = tmp_path / "record.json"
    record.write_text(content)
    tree = plain("lot") | {"protocol": str(tmp_path / "protocol.yaml")}
    (tmp_path / "protocol.yaml").write_text(YAML_PROTOCOL)
    digest = hashlib.sha256(content.encode()).hexdigest()
    tree["dose"] |= {"number": 2, "earlier": [earlier("record.json", digest)]}
    with pytest.raises(LotError):
        dose_document(load_lot(written(tmp_path, tree)))


def test_record__is_read_by_its_hash(tmp_path: Path) -> None:
    content = json.dumps({"schema": "nkflow.dose"} | dose().as_dict())
    (tmp_path / "record.json").write_text(content)
    digest = hashlib.sha256(content.encode()).hexdigest()
    tree = plain("lot") | {"protocol": "worked_example"}
    tree["dose"] |= {"number": 2, "earlier": [earlier("record.json", digest)]}
    found = load_lot(written(tmp_path, tree))
    assert found.records[digest]["verdict"] == "PASS"


def test_tubes_with_files__are_not_for_counts(tmp_path: Path) -> None:
    for name in ("A.fcs", "B.fcs"):
        (tmp_path / name).touch()
    with pytest.raises(LotError, match="nkflow release"):
        dose_document(load_lot(written(tmp_path, with_files())))


def test_documentation__shows_a_lot_that_is_one(project: Path) -> None:
    text = (project / "docs" / "dose.md").read_text()
    (block,) = [part.split("```")[0] for part in text.split("```yaml\n")[1:]]
    found = documents.parse(block, Lot, name="docs/dose.md")
    assert found.dose.earlier[0].volume_infused_ml == 4.4
    assert found.external["endotoxin_eu_per_ml"].below == 0.05


def test_schema__is_for_editors() -> None:
    schema = documents.json_schema(Lot)
    assert schema["properties"]["recipient"]
    assert "mass_kg" in json.dumps(schema)


def earlier(record: str, digest: str) -> dict[str, Any]:
    return {
        "number": 1,
        "record": record,
        "record_sha256": digest,
        "volume_infused_ml": 4.5,
        "infused_at": "2026-03-12T12:00:00Z",
    }


YAML_PROTOCOL = (Path(__file__).parent / "worked_example" / "protocol.yaml").read_text()
