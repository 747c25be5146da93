"""What a batch leaves behind: failures among the rows, and a table that a spreadsheet opens safely."""

from __future__ import annotations

import csv
import io
import json

from nkflow.laboratory.batch import Batch, Outcome

ROW = {
    "population": "NK",
    "path": "cells/NK",
    "count": 5,
    "of": "cells",
    "frequency": 0.5,
    "low": 0.1,
    "high": 0.9,
}
DONE = Outcome(
    "a.fcs", (ROW, {**ROW, "population": " \uff1dNK", "path": "=NK", "count": None, "note": "+empty"})
)
FAILED = Outcome("=cmd|calc.fcs", (), "not an FCS file")


def test_files__hold_failed_tubes_and_no_formula() -> None:
    files = Batch("t", "0" * 64, (DONE, FAILED)).files()
    assert sorted(files) == ["batch.json", "table.csv"]
    rows = list(csv.DictReader(io.StringIO(files["table.csv"].decode())))
    assert [row["tube"] for row in rows] == ["a.fcs", "a.fcs", "'=cmd|calc.fcs"]
    assert (rows[0]["count"], rows[0]["frequency"]) == ("5", "0.5")
    assert (rows[1]["population"], rows[1]["path"], rows[1]["note"]) == ("' \uff1dNK", "'=NK", "'+empty")
    assert (rows[1]["count"], rows[2]["count"]) == ("", "")
    assert rows[2]["note"] == "failed: not an FCS file"
    document = json.loads(files["batch.json"])
    assert document["tubes"] == 2
    assert document["failed"] == [{"tube": "=cmd|calc.fcs", "reason": "not an FCS file"}]
    assert len(document["rows"]) == 3
