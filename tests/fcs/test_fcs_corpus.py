from __future__ import annotations

import ast
from pathlib import Path

import pytest
from fcs.fcs_corpus import CASES, Case, verify


def test_corpus__holds_at_least_ninety_files() -> None:
    assert len(CASES) >= 90
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_corpus__reads_or_is_refused(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)
