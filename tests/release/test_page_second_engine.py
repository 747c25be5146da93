"""What the page says of the second engine: agreement, events that differ, populations that were left out."""

from __future__ import annotations

from nkflow.release.page.second import second_engine


def check(**more) -> dict:
    whole = {
        "engine": "FlowKit", "version": "1.3", "agrees": True, "identical": True, "explained": True, "n_events": 18053,
        "summary": "FlowKit 1.3 agrees on 2 populations: no event differs", "misleading": [], "not_compared": {},
        "counts": {"NK": {"ours": 5, "theirs": 5}, "T": {"ours": 1, "theirs": 1}}, "differences": [],
    }  # fmt: skip
    return whole | more


def texts(section) -> list[list[str]]:
    return [[cell.text for cell in row] for table in section.tables for row in table.rows]


def test_second_engine__has_a_row_for_each_tube_that_was_compared() -> None:
    record = {"tubes": [{"id": "A", "second_engine": check()}, {"id": "FMO", "second_engine": None}]}
    section = second_engine(record)
    assert section.brief == "FlowKit 1.3: 1 of 1 tubes agree"
    assert texts(section) == [["A", "18,053", "2", "FlowKit 1.3 agrees on 2 populations: no event differs"]]
    assert not section.open


def test_second_engine__shows_where_engines_differ_and_what_was_left_out() -> None:
    row = {
        "population": "NK",
        "events": 7,
        "only_ours": 5,
        "only_theirs": 2,
        "unexplained": 4,
        "on_border": 3,
    }
    wrong = check(
        agrees=False, explained=False, summary="FlowKit 1.3 disagrees: 4 events of NK", differences=[row],
        not_compared={"ratio": "FlowKit takes ratios of uncompensated values"},
    )  # fmt: skip
    section = second_engine({"tubes": [{"id": "A", "second_engine": wrong}]})
    found = texts(section)
    assert found[0][3] == "INVALID"
    assert found[1] == ["A", "NK", "5", "2", "3", "4"]
    assert found[2] == ["A", "ratio", "FlowKit takes ratios of uncompensated values"]
    assert section.open


def test_second_engine__says_that_it_was_not_asked() -> None:
    assert second_engine({"tubes": [{"id": "A"}]}).brief == "not asked for"
