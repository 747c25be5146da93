"""Pictures of cuts on real tubes for the documentation: density curves, windows and choices, no events.

python -m benchmarks.real_pictures FOLDER_OF_REFERENCE_FILES [--out docs/pictures]
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from nkflow.fcs import read_fcs
from nkflow.gating import gate, load_template
from nkflow.gating.adaptive.explanation import explain_all

TEMPLATES = Path(__file__).parents[1] / "tests" / "adaptive" / "real"
TUBES = {
    "hipc": ("human_nk/hipc_dc_mono_nk/DC_MONO_NK_12828001_001.transformed.fcs", ("dead", "CD16", "CD56")),
    "saeys": ("gating/saeys_mouse_nk/Saeys_28.fcs", ("CD3", "NK1.1", "NK1.1 of T")),
    "flowsom": ("gating/flowsom_mouse_nk/68983.fcs", ("CD3", "NK1.1", "NK1.1 of T")),
    "aurora": ("human_nk/aurora_innate_like/INF149_Ctrl_Tetramer.fcs", ("dead", "CD3", "CD56")),
}


def side_by_side(elements: list[str]) -> str:
    """Return SVG elements as one, from left to right."""
    sizes = [
        tuple(map(float, re.findall(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', each)[0])) for each in elements
    ]
    parts, x = [], 0.0
    for element, (width, _) in zip(elements, sizes, strict=True):
        parts.append(element.replace("<svg ", f'<svg x="{x:g}" ', 1))
        x += width + 12
    height = max(size[1] for size in sizes)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{x - 12:g}" height="{height:g}">'
    return head + '<rect width="100%" height="100%" fill="white"/>' + "".join(parts) + "</svg>\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "pictures")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, (file, wanted) in TUBES.items():
        explained = explain_all(
            gate(read_fcs(asked.folder / file), load_template(str(TEMPLATES / f"{name}.yaml")))
        )
        pairs = zip(explained.pictures, explained.svgs(), strict=True)
        elements = [svg for picture, svg in pairs if picture.title.split(":")[0] in wanted]
        (asked.out / f"adaptive-{name}.svg").write_text(side_by_side(elements), encoding="utf-8")
        print(name, len(elements))
    return 0


if __name__ == "__main__":
    sys.exit(main())
