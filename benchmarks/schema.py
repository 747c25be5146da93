"""The JSON Schemas of the three documents that people write, for editors: ``python -m benchmarks.schema``."""

from __future__ import annotations

import json
from pathlib import Path

from nkflow import documents
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import Protocol
from nkflow.gating.document import TemplateDocument

FOLDER = Path(__file__).parents[1] / "docs" / "schema"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, model in {"lot": Lot, "protocol": Protocol, "template": TemplateDocument}.items():
        text = json.dumps(documents.json_schema(model), indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
