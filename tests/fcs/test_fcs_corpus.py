from __future__ import annotations

import re
from pathlib import Path

from fcs.fcs_corpus import CASES, Case, cases, verify


def test_corpus__holds_at_least_ninety_files_with_one_deviation_each() -> None:
    assert len(CASES) >= 90
    assert len({case.id for case in CASES}) == len(CASES)
    assert sum(bool(case.code) for case in CASES) >= 30


def test_corpus__has_a_test_for_every_item() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_fcs_*.py"))
    run = set(re.findall(r'@cases\("(\w+)"\)', tests))
    assert {case.item for case in CASES} == run


@cases("K01")
def test_keywords__that_are_missing_or_wrong(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)
