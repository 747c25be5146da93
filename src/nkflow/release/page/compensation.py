"""Is the matrix right for these tubes? Residual slopes of the sample tubes, and the picture of one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nkflow.fitness.picture import picture
from nkflow.plots.matrix import matrix_svg
from nkflow.release.page.model import Cell, Section, Table, number, strong, text
from nkflow.release.page.numbers import count

__all__ = ["compensation"]

Record = Mapping[str, Any]

WRONG = ("under", "over")
LEAD = (
    "Where a tube is bright in one channel, what is negative in another should stay level. The residual slope is what "
    "still rises (under-compensated) or falls (over-compensated) per unit of the bright channel. Slopes that reach a "
    "gate are findings."
)


def compensation(record: Record) -> Section | None:
    """Return what the sample tubes say of their compensation; None where none of them can tell anything.

    The picture is that of the sample tube with most pairs judged wrong, the first of equals; it is drawn from the
    record alone.
    """
    tubes = [tube for tube in record["tubes"] if tube["role"] == "sample" and _pairs(tube)]
    if not tubes:
        return None
    wrong = {tube["id"]: [pair for pair in _pairs(tube) if pair["judgement"] in WRONG] for tube in tubes}
    shown = max(tubes, key=lambda tube: len(wrong[tube["id"]]))
    judged = [
        _wrong(tube, pair)
        for tube in tubes
        for pair in sorted(wrong[tube["id"]], key=lambda pair: -abs(pair["slope"]))
    ]
    tables = [
        Table(
            ("Tube", "Pairs assessed", "Well", "Under", "Over", "Unclear", "Events"), tuple(map(_tube, tubes))
        )
    ]
    if judged:
        columns = ("Tube", "Bright in", "Should be level", "Residual slope", "Off by", "Judged")
        tables.append(Table(columns, tuple(judged), caption="Pairs judged wrong"))
    number_wrong = sum(map(len, wrong.values()))
    return Section(
        "compensation",
        "Compensation on the stained tubes",
        f"{number_wrong or 'no'} {'pair' if number_wrong == 1 else 'pairs'} of channels judged wrong in "
        f"{len(tubes)} sample {'tube' if len(tubes) == 1 else 'tubes'}; picture of tube {shown['id']}",
        lead=(LEAD,),
        tables=tuple(tables),
        drawings=(_picture(shown),),
        open=False,
    )


def _pairs(tube: Record) -> Sequence[Record]:
    """Return the assessable pairs of one tube; none where it was not gated."""
    return ((tube.get("gating") or {}).get("fitness") or {}).get("pairs") or ()


def _tube(tube: Record) -> tuple[Cell, ...]:
    fitness = tube["gating"]["fitness"]
    n, words = len(fitness["channels"]), Counter(pair["judgement"] for pair in fitness["pairs"])
    state = (fitness["state"] or {}).get("state", "no square matrix was applied")
    assessed = number(f"{len(fitness['pairs'])} of {n * (n - 1)}")
    judged = (number(count(words[word])) for word in ("well", *WRONG, "unclear"))
    return (
        strong(tube["id"]),
        assessed,
        *judged,
        text(f"{state} before" if state == "not compensated" else state),
    )


def _wrong(tube: Record, pair: Record) -> tuple[Cell, ...]:
    names = _labels(tube)
    interval = f"{pair['low']:+.4f} to {pair['high']:+.4f}"
    return (
        strong(tube["id"]), text(names[pair["source"]]), text(names[pair["target"]]),
        number(f"{pair['slope']:+.4f}", interval), number(f"{pair['shift']:+,.0f}"),
        text(f"{pair['judgement']}-compensated"),
    )  # fmt: skip


def _labels(tube: Record) -> dict[str, str]:
    """Return detector -> marker and detector; the detector alone where the template asks for no marker on it."""
    gating = tube["gating"]
    markers = {name: marker for marker, name in gating["channels"].items() if marker != name}
    return {
        name: f"{markers[name]} {name}" if name in markers else name for name in gating["fitness"]["channels"]
    }


def _picture(tube: Record) -> str:
    fitness = tube["gating"]["fitness"]
    place = {name: k for k, name in enumerate(fitness["channels"])}
    slopes = np.full((len(place), len(place)), np.nan)
    judgements = {}
    for pair in fitness["pairs"]:
        at = place[pair["source"]], place[pair["target"]]
        slopes[at], judgements[at] = pair["slope"], pair["judgement"]
    return matrix_svg(picture(list(_labels(tube).values()), slopes, judgements))
