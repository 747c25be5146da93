"""One cut in words and in a line of bars, for a terminal."""

from __future__ import annotations

import math

from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.density import Density
from nkflow.gating.adaptive.document import EllipseMethod
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.notices import place_in_words
from nkflow.gating.adaptive.resolution import Resolved
from nkflow.scales import Scale

__all__ = ["explain_cut", "planned_cut"]


def planned_cut(cut: Resolved) -> str:
    """Return what was asked for: method, channel, population, events, where from."""
    document, found = cut.document, cut.answer
    on = document.channel
    if isinstance(document.find, EllipseMethod):
        on += f" and {document.find.y}"
    return f"{cut.name}: {document.find.kind} of {on} in {document.of}, {found.n} events of {cut.source}"


def explain_cut(cut: Resolved) -> tuple[str, ...]:
    """Return lines: what was asked, what was found, what else was considered, a small drawing."""
    document, found = cut.document, cut.answer
    window = f"  window {document.window[0]:g} to {document.window[1]:g}"
    if isinstance(document.find, EllipseMethod):
        find = document.find
        window += f", {find.y} {find.y_window[0]:g} to {find.y_window[1]:g}"
        window += f"; longer half-axis {find.size[0]:g} to {find.size[1]:g} display units"
    lines = [planned_cut(cut)]
    if cut.first is not None:
        lines.append(f"  {document.find.kind} gave no gate ({cut.first.message}); found otherwise")
    match found:
        case NoGate():
            lines += [f"  {'left open' if cut.opened else 'no gate'}: {found.message}", window]
            seen = found.candidate
        case Band():
            lines.append(
                f"  ln height = {found.intercept:.4g} + {found.slope:.4g} ln area; from {found.lower:.4g} to "
                f"{found.upper:.4g}; {100 * found.quality:.1f} % inside"
            )
            lines.append(f"  standard error of the lower edge {found.se:.2g} ln units")
            return (*lines, window)
        case Ellipse():
            lines += [*_ellipse(found), window]
            seen = None
        case Cut():
            seen = found
            low, high = (place_in_words(cut, found.at + sign * found.u) for sign in (-1, 1))
            lines.append(f"  cut at {place_in_words(cut, found.at)}, standard uncertainty {low} to {high}")
            lines.append(f"  display units: {found.at:.4f}, standard error {found.se:.2g}, u {found.u:.2g}")
            lines.append(f"  {found.measure}: {found.quality:.3g}")
            lines.append(window)
    if seen is not None and seen.candidates:
        lines.append("  candidates " + ", ".join(place_in_words(cut, at) for at in seen.candidates))
    return (*lines, *_drawings(cut, seen))


def _ellipse(found: Ellipse) -> tuple[str, ...]:
    inside = 100 * (1 - math.exp(-found.distance_square / 2))
    return (
        f"  ellipse round ({found.place[0]:.4g}, {found.place[1]:.4g}) with {inside:.3g} % of a component that has "
        f"{100 * found.share:.3g} % of the events",
        f"  half-axes {found.half_axes[0]:.3g} and {found.half_axes[1]:.3g} display units, "
        f"standard error of the centre {found.se[0]:.2g} and {found.se[1]:.2g}",
        f"  standard uncertainty of the outline {100 * found.u:.2g} % of its size",
        f"  {found.measure}: {found.quality:.3g}",
    )


def _drawings(cut: Resolved, seen: Cut | None) -> list[str]:
    """Return the density in one line of bars, over a line that marks window and cut; of an ellipse two of them."""
    found = cut.answer
    plane = found.plane if isinstance(found, Ellipse | NoGate) else None
    if plane is None or not isinstance(cut.document.find, EllipseMethod):
        at = None if seen is None else seen.at
        return (
            []
            if isinstance(found, Band) or found.density is None
            else _drawing(found.density, cut.window, at)
        )
    x, y = found.centre if isinstance(found, Ellipse) else (None, None)
    first = _drawing(plane.x, cut.window, x)
    second = _drawing(plane.y, cut.y_window, y)
    components = ", ".join(
        f"({_data(cut.scale, each.centre[0])}, {_data(cut.y_scale, each.centre[1])}) {100 * each.share:.3g} %"
        for each in plane.components
    )
    return [
        f"  components {components or 'none'}",
        f"  {cut.document.channel}", *first, f"  {cut.document.find.y}", *second,
    ]  # fmt: skip


def _data(scale: Scale | None, at: float) -> str:
    return f"{at if scale is None else float(scale.inverse(at)):.4g}"


def _drawing(density: Density, window: tuple[float, float], at: float | None) -> list[str]:
    """Return the density in one line of bars (square root), and a line that marks window and cut."""
    columns, bars = 64, " ▁▂▃▄▅▆▇█"
    heights = density.height.reshape(columns, -1).max(axis=1) ** 0.5
    top = float(heights.max()) or 1.0
    line = "".join(bars[round(8 * float(height) / top)] for height in heights)
    first, last = (density.bin(end) * columns // len(density.height) for end in window)
    marks = ["-" if first <= k <= last else " " for k in range(columns)]
    if at is not None:
        marks[density.bin(at) * columns // len(density.height)] = "^"
    return [f"  |{line}|", f"  |{''.join(marks)}|"]
