"""The JSON Schemas that editors check lots, protocols and templates with are those of this tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from nkflow import documents
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import Protocol
from nkflow.gating.document import TemplateDocument

MODELS: dict[str, type[BaseModel]] = {"lot": Lot, "protocol": Protocol, "template": TemplateDocument}


@pytest.mark.parametrize("name", MODELS)
def test_schema__is_exported_as_it_stands(project: Path, name: str) -> None:
    written = json.loads((project / "docs" / "schema" / f"{name}.json").read_text(encoding="utf-8"))
    now = documents.json_schema(MODELS[name])
    assert _said(written) == _said(now), "run `python -m benchmarks.schema`"


def _said(schema: dict[str, Any]) -> dict[str, tuple[list[str], list[str]]]:
    """Return keys and required keys of every section: what editors complete, whatever pydantic's version adds."""
    sections = {"": schema} | schema["$defs"]
    return {
        name: (sorted(section.get("properties", ())), sorted(section.get("required", ())))
        for name, section in sections.items()
    }


def test_schema__accepts_what_a_lot_may_write_short() -> None:
    found: dict[str, Any] = documents.json_schema(Lot)
    result = found["properties"]["external"]["additionalProperties"]
    result = found["$defs"][result["$ref"].rsplit("/", 1)[-1]] if "$ref" in result else result
    assert {"number", "string"} <= set(result["anyOf"][0]["type"])
    assert "outcome" in result["anyOf"][1]["properties"]
