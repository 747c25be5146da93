"""Why the cuts of a tube lie where they lie, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.notices import place_in_words
from nkflow.gating.adaptive.order import entries_set, entries_under
from nkflow.gating.adaptive.resolution import Resolution, Resolved
from nkflow.gating.named import index_of

if TYPE_CHECKING:
    from nkflow.gating.result import Gating

__all__ = ["Explanation", "explain_cut", "explanation"]


@dataclass(frozen=True, eq=False)
class Explanation:
    """The cuts that decide who is in a population; `str` of it is text for people, and so is `lines`."""

    population: str
    cuts: tuple[Resolved, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """One paragraph a cut, in the order of the template."""
        if not self.cuts:
            return (f"{self.population}: all its cuts are fixed",)
        return tuple(line for cut in self.cuts for line in explain_cut(cut))

    def __str__(self) -> str:
        return "\n".join(self.lines)


def explanation(gating: Gating, name: str) -> Explanation:
    """Return the cuts on the way to the population `name`.

    Raises
    ------
    GatingError
        ``population-unknown`` or ``population-ambiguous``.
    """
    tree = gating.template.tree
    index = index_of(tree, name)
    if gating.resolution is None:
        return Explanation(name, ())
    under = entries_under(tree, () if index < 0 else (tree.nodes[index].path,))
    return Explanation(name, _deciding(gating.resolution, under))


def _deciding(resolution: Resolution, entries: set[int]) -> tuple[Resolved, ...]:
    tree = resolution.template.tree
    return tuple(cut for cut in resolution.cuts if entries & set(entries_set(cut.document, tree)))


def explain_cut(cut: Resolved) -> tuple[str, ...]:
    """Return lines: what was asked, what was found, what else was considered, a small drawing."""
    document, found = cut.document, cut.answer
    head = f"{cut.name}: {document.find.kind} of {document.channel} in {document.of}, {found.n} events of {cut.source}"
    window = f"  window {document.window[0]:g} to {document.window[1]:g}"
    lines = [head]
    if cut.first is not None:
        lines.append(f"  {document.find.kind} gave no gate ({cut.first.message}); found otherwise")
    match found:
        case NoGate():
            lines += [f"  no gate: {found.message}", window]
            seen = found.candidate
        case Band():
            lines.append(
                f"  ln height = {found.intercept:.4g} + {found.slope:.4g} ln area; from {found.lower:.4g} to "
                f"{found.upper:.4g}; {100 * found.quality:.1f} % inside"
            )
            return (*lines, window)
        case Cut():
            seen = found
            low, high = (place_in_words(cut, found.at + sign * found.u) for sign in (-1, 1))
            lines.append(f"  cut at {place_in_words(cut, found.at)}, standard uncertainty {low} to {high}")
            lines.append(f"  {found.measure}: {found.quality:.3g}")
            lines.append(window)
    if seen is not None and seen.candidates:
        lines.append("  candidates " + ", ".join(place_in_words(cut, at) for at in seen.candidates))
    return (*lines, *_drawing(cut, seen))


def _drawing(cut: Resolved, seen: Cut | None) -> list[str]:
    """Return the density in one line of bars (square root), and a line that marks window and cut."""
    density = cut.answer.density if not isinstance(cut.answer, Band) else None
    if density is None:
        return []
    columns, bars = 64, " ▁▂▃▄▅▆▇█"
    heights = density.height.reshape(columns, -1).max(axis=1) ** 0.5
    top = float(heights.max()) or 1.0
    line = "".join(bars[round(8 * float(height) / top)] for height in heights)
    ends = (
        cut.document.window
        if cut.scale is None
        else [float(cut.scale.forward(e)) for e in cut.document.window]
    )
    first, last = (density.bin(end) * columns // len(density.height) for end in ends)
    marks = ["-" if first <= k <= last else " " for k in range(columns)]
    if seen is not None:
        marks[density.bin(seen.at) * columns // len(density.height)] = "^"
    return [f"  |{line}|", f"  |{''.join(marks)}|"]
