"""Evidence is of this tree: every committed document was made from the sources that stand here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks import evidence  # noqa: E402  (the folder is beside the tests, not installed)

sys.path.remove(str(ROOT))


@pytest.mark.parametrize("name", evidence.STUDIES)
def test_evidence__was_made_from_these_sources(name: str) -> None:
    document = json.loads((evidence.VALIDATION / f"{name}.json").read_text(encoding="utf-8"))
    assert document["sources_sha256"] == evidence.sources_sha256(document["sources"]), (
        f"the sources that {name} judges have changed: run `make evidence`"
    )
    assert "--share" not in document["command"], "a part of a study is no evidence"
    assert document["figures"]


def test_evidence__is_complete() -> None:
    assert {path.stem for path in evidence.VALIDATION.glob("*.json")} == set(evidence.STUDIES)
