"""Before and after in pictures: every cut over the densities of all tubes, and one tube's gates by both templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nkflow.errors import DataError
from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.explained_drawing import PLAIN, curve_of
from nkflow.gating.run import gate
from nkflow.gating.template import Template
from nkflow.laboratory.adoption.adopted import AdoptedCut
from nkflow.laboratory.adoption.search import FoundIn
from nkflow.plots.axis import Axis
from nkflow.plots.cut import CutPicture, cut_svg
from nkflow.plots.sheet import sheet_html
from nkflow.release.drawing import drawings
from nkflow.scales import Scale

if TYPE_CHECKING:
    from nkflow.laboratory.adoption.adopted import Adoption

__all__ = ["page"]

MOST_CURVES = 24


def page(adoption: Adoption) -> str:
    """Return the HTML page beside ``lab.yaml``."""
    draft = adoption.template
    reference = draft.reference
    assert reference is not None  # adopt wrote it
    lead = (
        f"Draft of {draft.name}, adopted from {adoption.before.name} {adoption.before.version}. Nobody has validated "
        "it: a release with it is INVALID until a person takes out 'draft: true'.",
        f"{reference.set_on}. {adoption.matrix[:1].upper()}{adoption.matrix[1:]}.",
        "Windows: mean ± k SD of the cuts in the laboratory's tubes, in display units, k so that 99 % of tubes lie "
        "inside with 95 % confidence; never narrower than three standard uncertainties of a cut in one tube.",
        "Each picture: the densities of the tubes, the new window (green), the cuts in the tubes (red), the shipped "
        "window (grey, dashed).",
    )
    parts = [
        ("Cuts", _cuts(adoption), _words(adoption.cuts)),
        *_gates(adoption),
        ("Findings", (), [f"{f.severity}: {f.message}" for f in adoption.findings] or ["none"]),
        (
            "Tubes",
            (),
            [f"{t.role:14s} {t.marker or '':6s} {t.name} {t.problem}".rstrip() for t in adoption.tubes],
        ),
    ]
    return sheet_html(f"{adoption.before.name} made {draft.name}", parts, lead=lead)


def _words(cuts: Sequence[AdoptedCut]) -> list[str]:
    lines = []
    for cut in cuts:
        before, after = (f"{low:g} to {high:g}" for low, high in (cut.before, cut.after))
        lines.append(
            f"{cut.name}: window {before} -> {after}; {cut.reason if cut.own is None else cut.own.text}"
        )
        if cut.outline is not None:
            lines.append(f"{cut.name}: {cut.outline.text}")
        if cut.shift is not None:
            lines.append(f"{cut.name}: {cut.shift.text}")
    return lines


def _cuts(adoption: Adoption) -> tuple[str, ...]:
    spaces = [shipped.space for shipped in adoption.before.document.cuts]
    pictures = (
        _picture(cut, adoption.found, in_display=space == "display")
        for cut, space in zip(adoption.cuts, spaces, strict=True)
    )
    return tuple(cut_svg(picture) for picture in pictures if picture is not None)


def _picture(cut: AdoptedCut, tubes: Sequence[FoundIn], *, in_display: bool) -> CutPicture | None:
    """Return one cut in all tubes; `in_display`: the template has its windows in display units."""
    seen = [
        found
        for tube in tubes
        if (found := tube.cut(cut.name)) is not None and found.answer.density is not None
    ]
    curves = [curve_of(found.answer.density) for found in seen if found.answer.density is not None][
        :MOST_CURVES
    ]
    if not curves:
        return None
    for curve in curves:
        curve[:, 1] /= max(float(curve[:, 1].max()), 1e-9)
    first = seen[0]
    band = isinstance(first.answer, Band)
    sign = -1.0 if band else 1.0
    places = tuple(sign * place for place in cut.places.values())
    scale = None if in_display else first.scale
    window = _shown(cut.after, scale) if cut.own is None else (cut.own.low, cut.own.high)
    shipped = _shown(cut.before, scale)
    if band:
        window = (-window[1], -window[0])
        shipped = (-cut.before[1], -cut.before[0])
    low = min(float(curve[0, 0]) for curve in curves)
    high = max(float(curve[-1, 0]) for curve in curves)
    ends = [*window, low, high]
    axis = Axis(
        "ln height from the line" if band else f"{cut.channel} in {first.document.of}",
        PLAIN if band else first.scale or PLAIN,
        min(ends),
        max(ends),
    )
    note = f"{cut.n} tubes; window {cut.after[0]:g} to {cut.after[1]:g}" if cut.own else cut.reason
    inside = tuple(end for end in shipped if np.isfinite(end) and axis.low <= end <= axis.high)
    return CutPicture(axis, tuple(curves), window, places, 0.0, (), cut.name, note, inside)


def _shown(window: tuple[float, float], scale: Scale | None) -> tuple[float, float]:
    """Return a window in display units; without a scale it stands in them."""
    if scale is None:
        return window
    return float(scale.forward(window[0])), float(scale.forward(window[1]))


def _gates(adoption: Adoption) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    tube = next((tube for tube in adoption.found if tube.resolution is not None), None)
    if tube is None:
        return
    for word, template in (("Before", adoption.before), ("After", adoption.template)):
        yield f"{word}: {tube.name} by {template.name}", *_drawn(template, tube)


def _drawn(template: Template, tube: FoundIn) -> tuple[Sequence[str], Sequence[str]]:
    try:
        gating = gate(tube.sample, template, controls=dict(tube.fmos))
    except DataError as problem:
        return (), [str(problem)]
    missing = {} if gating.resolution is None else gating.resolution.missing
    return drawings(gating), [f"no gate for {name}: {why.message}" for name, why in missing.items()]
