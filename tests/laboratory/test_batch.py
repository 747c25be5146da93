"""What a batch leaves behind: failures among the rows, and a table that a spreadsheet opens safely."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nkflow.errors import InvalidValueError
from nkflow.fcs import Sample, file_events, write_fcs
from nkflow.gating import Range, Template
from nkflow.laboratory import batch as batch_module
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


def by_name(path: str, template: str) -> Outcome:
    """What a worker does here: one tube ends its process, the others say who they were gated by."""
    if "deadly" in path:
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(Path(path).name, ({"note": template},))


def test_outcomes__a_deadly_tube_is_one_failure_and_all_others_are_done(monkeypatch) -> None:
    monkeypatch.setattr(batch_module, "_gate", by_name)
    paths = tuple(Path(f"{name}.fcs") for name in ("a", "b", "deadly", "c", "d", "e", "f", "g"))
    found = dict(batch_module._outcomes(paths, "t", workers=2))
    assert set(found) == set(paths)
    assert [path.name for path, outcome in found.items() if outcome.error] == ["deadly.fcs"]
    assert "killed" in found[Path("deadly.fcs")].error
    assert all(outcome.rows[0]["note"] == "t" for outcome in found.values() if not outcome.error)


def test_workers__end_when_their_parent_is_killed() -> None:
    text = (
        "import os, signal\n"
        "from nkflow.laboratory.batch import _pool\n"
        "if __name__ == '__main__':\n"
        "    print(_pool(1).submit(os.getpid).result(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) != parent.pid
        parent.wait(60)
        # the pipe is closed when the last process that holds it has ended: the worker holds it too
        assert parent.communicate(timeout=60)[0] == ""


def test_batch__keeps_what_was_odd_about_a_tube(tmp_path: Path) -> None:
    values = {"CD45": np.array([1.0, np.nan, 3.0]), "CD3": np.arange(3.0)}
    write_fcs(tmp_path / "odd.fcs", Sample.from_arrays(values))
    template = Template.of(Range("CD45", low=2.0), compensation="none")
    (tmp_path / "t.yaml").write_text(template.to_yaml())
    result = batch_module.batch(tmp_path, str(tmp_path / "t.yaml"))
    assert ("odd.fcs", "non-finite") in [(tube, finding.code) for tube, finding in result.findings]
    kept = result.as_dict()["findings"]
    assert {"tube": "odd.fcs", "code": "non-finite", "severity": "warning"}.items() <= kept[0].items()


def test_batch__a_tube_that_the_disk_gives_up_on_fails_by_itself(tmp_path: Path, monkeypatch) -> None:
    for name in ("bad.fcs", "good.fcs"):
        write_fcs(tmp_path / name, Sample.from_arrays({"CD45": np.arange(30.0), "CD3": np.arange(30.0)}))
    (tmp_path / "t.yaml").write_text(Template.of(Range("CD45", low=2.0), compensation="none").to_yaml())

    def broken(file, position, target):
        if str(file.name).endswith("bad.fcs"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(file, position, target)

    real = file_events._read_at
    monkeypatch.setattr(file_events, "_read_at", broken)
    result = batch_module.batch(tmp_path, str(tmp_path / "t.yaml"))
    assert [tube for tube, _ in result.failures] == ["bad.fcs"]
    assert os.strerror(errno.EIO) in result.failures[0][1]
    assert result.n_done == 1


@pytest.mark.parametrize("workers", [0, -2, 1.5])
def test_batch__workers_are_a_whole_number_from_1(tmp_path: Path, workers) -> None:
    write_fcs(tmp_path / "good.fcs", Sample.from_arrays({"CD45": np.arange(30.0)}))
    (tmp_path / "t.yaml").write_text(Template.of(Range("CD45", low=2.0), compensation="none").to_yaml())
    with pytest.raises(InvalidValueError, match="workers") as caught:
        batch_module.batch(tmp_path, str(tmp_path / "t.yaml"), workers=workers)
    assert (caught.value.found, caught.value.expected) == (repr(workers), "a whole number from 1")
