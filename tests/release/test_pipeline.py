"""One lot from its files to its record: good ones, bad documents, bad data, doses that can't be given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nkflow.errors import InvalidValueError, LotError, OutputError
from nkflow.fcs import read_fcs, write_fcs
from nkflow.fcs.sample import Sample
from nkflow.release.pipeline import release
from nkflow.release.record import canonical


def test_release__judges_a_good_lot_within_its_truth(small_lot: Path) -> None:
    result = release(small_lot / "lot.yaml", second_engine=False)
    truth = json.loads((small_lot / "truth.json").read_text())
    assert result.verdict in {"PASS", "INCONCLUSIVE"}
    assert result.dose is not None
    found = result.dose.composition.concentration("CD56+")
    assert found.per_ul * 1000 == pytest.approx(truth["per_ml"]["CD56+"], rel=0.12)
    assert [tube["id"] for tube in result.record["tubes"]] == [
        "A",
        "B",
        "C",
        "FMO-CD3",
        "FMO-CD56",
        "unstained",
        "bead-only",
        "process-control",
    ]


def test_record__is_the_same_bytes_on_any_number_of_threads(small_lot: Path) -> None:
    once, again = (
        canonical(release(small_lot / "lot.yaml", threads=n, second_engine=False).record) for n in (1, 2)
    )
    assert once == again


def test_release__threads_are_a_whole_number_from_1(small_lot: Path) -> None:
    with pytest.raises(InvalidValueError, match="`threads`.* expected a whole number from 1"):
        release(small_lot / "lot.yaml", threads=0)


def test_record__names_no_place_of_this_machine(small_lot: Path) -> None:
    text = canonical(release(small_lot / "lot.yaml", second_engine=False).record).decode()
    assert str(small_lot) not in text
    assert str(Path.home()) not in text


def test_record__holds_hashes_of_every_input(small_lot: Path) -> None:
    record = release(small_lot / "lot.yaml", second_engine=False).record
    for tube in record["tubes"]:
        assert tube["sha256"] == read_fcs(small_lot / tube["file"]).sha256
    assert len(record["template"]["sha256"]) == 64


def test_documents__report_the_mistakes_of_all_three_at_once(lot: Path, edit) -> None:
    edit(lot / "lot.yaml", "template: nk_release_7aad", "template: mine.yaml")
    edit(lot / "lot.yaml", "file: B.fcs", "file: gone.fcs")
    (lot / "mine.yaml").write_text("nkflow: template/1\nname: mine\ncompensation: {policy: file}\nshade: 3\n")
    with pytest.raises(LotError) as caught:
        release(lot / "lot.yaml", second_engine=False)
    text = str(caught.value)
    assert "gone.fcs" in text
    assert "shade" in text
    assert caught.value.exit_code == 4


def test_documents__a_mass_of_zero_is_a_mistake_of_the_lot(lot: Path, edit) -> None:
    text = (lot / "lot.yaml").read_text()
    mass = next(line for line in text.splitlines() if "mass_kg" in line)
    edit(lot / "lot.yaml", mass, "  mass_kg: 0")
    edit(lot / "lot.yaml", "protocol: cd56_nk_aml_phase1", "protocol: no_such_protocol")
    with pytest.raises(LotError) as caught:
        release(lot / "lot.yaml", second_engine=False)
    assert {"recipient.mass_kg"} <= {problem.path for problem in caught.value.problems}
    assert "no_such_protocol" in str(caught.value)


def _spoil(lot: Path, how: str) -> None:
    path = lot / "B.fcs"
    content = path.read_bytes()
    if how == "not FCS":
        path.write_bytes(b"PK\x03\x04 not a cytometer's file at all" * 40)
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        sample = read_fcs(path)
        values = sample.values()
        names = [channel.name for channel in sample.channels]
        markers = {channel.name: channel.marker for channel in sample.channels}
        if how == "missing marker":
            markers = {name: "" if marker == "CD3" else marker for name, marker in markers.items()}
        elif how == "no beads":
            values = values[values[:, names.index("SSC-A")] < 100_000]
        changed = Sample.from_arrays(
            values, names, markers=[markers[name] for name in names], spillover=sample.spillover,
            keywords={"$CYT": sample.cytometer},
        )  # fmt: skip
        write_fcs(path, changed, force=True)


@pytest.mark.parametrize("how", ["not FCS", "truncated", "empty", "missing marker"])
def test_bad_data__gives_a_whole_record_that_says_invalid(lot: Path, tmp_path: Path, how: str) -> None:
    _spoil(lot, how)
    result = release(lot / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert result.unreadable
    assert any(reason.startswith("INVALID: tube B:") for reason in result.reasons)
    written = result.write(tmp_path / "out")
    record = json.loads((written / "record.json").read_bytes())
    assert record["verdict"] == "INVALID"
    assert [tube["id"] for tube in record["tubes"] if tube["error"]] == ["B"]
    assert record["dose"] is None
    assert "INVALID" in (written / "page.html").read_text()


def test_bad_data__an_unreadable_control_is_invalid_and_the_numbers_stay(lot: Path) -> None:
    (lot / "FMO-CD3.fcs").write_bytes(b"nothing")
    result = release(lot / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert result.record["dose"] is not None
    assert result.record["dose"]["verdict"] != "INVALID"


def test_volume__beyond_the_bag_is_a_fail_with_the_maximum_dose(lot: Path, edit) -> None:
    text = (lot / "lot.yaml").read_text()
    line = next(line for line in text.splitlines() if "bag_volume_ml" in line)
    edit(lot / "lot.yaml", line, "  bag_volume_ml: 2.5")
    result = release(lot / "lot.yaml", second_engine=False)
    assert result.verdict == "FAIL"
    assert any("maximum dose" in reason for reason in result.reasons)
    assert result.dose is not None
    assert result.dose.volume_ml is None


def test_tube_of_another_instrument__makes_the_lot_invalid(lot: Path) -> None:
    path = lot / "A.fcs"
    sample = read_fcs(path)
    other = Sample.from_arrays(
        sample.values(), sample.channels, spillover=sample.spillover, keywords={"$CYT": "Another cytometer"}
    )
    write_fcs(path, other, force=True)
    result = release(lot / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert any("tube A" in reason for reason in result.reasons)


def test_write__refuses_an_existing_folder(small_lot: Path, tmp_path: Path) -> None:
    result = release(small_lot / "lot.yaml", second_engine=False)
    result.write(tmp_path / "out")
    with pytest.raises(OutputError, match="exists"):
        result.write(tmp_path / "out")
    result.write(tmp_path / "out", force=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["page.html", "record.json"]


def test_counts_in_a_lot__are_for_the_dose_verb(lot: Path, edit) -> None:
    edit(lot / "lot.yaml", "    file: B.fcs", "    counts: {viable: 0, NK: 0, NKT-like: 0, T: 0}")
    with pytest.raises(LotError, match="nkflow dose"):
        release(lot / "lot.yaml", second_engine=False)


def test_second_engine__agrees_on_every_event_and_stands_in_the_record(small_lot: Path) -> None:
    record = release(small_lot / "lot.yaml").record
    checked = {tube["id"]: tube["second_engine"] for tube in record["tubes"]}
    assert {name for name, check in checked.items() if check} == {"A", "B", "C"}
    assert all(check["identical"] for check in checked.values() if check)


def test_second_engine__that_disagrees_makes_the_lot_invalid(small_lot: Path, monkeypatch) -> None:
    from dataclasses import replace

    from nkflow.exchange.second_engine import cross_check
    from nkflow.release import tubes

    def disagreeing(sample, gating, *, keep):
        check = cross_check(sample, gating, keep=keep)
        return replace(check, counts={}, differences=())

    monkeypatch.setattr(tubes, "cross_check", disagreeing)
    result = release(small_lot / "lot.yaml")
    assert result.verdict == "INVALID"
    assert any("FlowKit" in reason for reason in result.reasons)
    page = result.page()
    assert "Second engine" in page
    assert "nothing could be compared" in page
