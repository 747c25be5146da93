"""Why the cuts of a tube lie where they lie: in words, as plain values, as drawings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nkflow.gating.adaptive.density import Density
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.explained_drawing import pictures_of
from nkflow.gating.adaptive.explained_text import explain_cut
from nkflow.gating.adaptive.fixed_numbers import FixedNumber, fixed_numbers
from nkflow.gating.adaptive.fixed_seen import FixedSeen, fixed_seen
from nkflow.gating.adaptive.found import NoGate
from nkflow.gating.adaptive.order import entries_set, entries_under
from nkflow.gating.adaptive.resolution import Resolved
from nkflow.gating.named import index_of
from nkflow.gating.tree import ROOT
from nkflow.plots.cut import CutPicture, cuts_figure, picture_svg
from nkflow.plots.figure import Density as Picture

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from nkflow.gating.result import Gating

__all__ = ["Explanation", "explain_all", "explanation"]


@dataclass(frozen=True, eq=False)
class Explanation:
    """The cuts that decide who is in a population.

    `str` of it is text for people, and so is `lines`; a notebook shows the drawings.

    Attributes
    ----------
    population
        Whose cuts they are; ``root`` for all cuts of the template.
    cuts
        Those found in the data, in the order of the template.
    fixed
        Numbers of the template that are the same in every tube.
    seen
        Those of them that stand on one channel with a scale, in the density of the events that they divide.
    """

    population: str
    cuts: tuple[Resolved, ...]
    fixed: tuple[FixedNumber, ...] = ()
    seen: tuple[FixedSeen, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """One paragraph a cut, in the order of the template; then the fixed numbers."""
        found = tuple(line for cut in self.cuts for line in explain_cut(cut))
        head = () if found else (f"{self.population}: all its cuts are fixed",)
        return (*found, *head, *self._fixed_lines)

    @property
    def _fixed_lines(self) -> tuple[str, ...]:
        seen = {each.number: each.text for each in self.seen}
        return tuple(seen.get(number, number.text) for number in self.fixed)

    @property
    def pictures(self) -> tuple[CutPicture | Picture, ...]:
        """What is drawn of each cut that had events to look at: an ellipse on each of its channels, then on both."""
        found = tuple(picture for cut in self.cuts for picture in pictures_of(cut))
        return (*found, *(each.picture for each in self.seen))

    def figure(self) -> go.Figure:
        """Return a plotly figure of all cuts: density, window (green), candidates (grey), choice and its u (red)."""
        return cuts_figure(self.pictures)

    def svgs(self) -> tuple[str, ...]:
        """Return the same as static SVG elements, one for each of `pictures`."""
        return tuple(map(picture_svg, self.pictures))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values: for each cut its density, candidates, choice, window, quality, SE."""
        seen = {each.number: each.as_dict() for each in self.seen}
        return {
            "population": self.population,
            "cuts": [explained_dict(cut) for cut in self.cuts],
            "fixed": [seen[number] if number in seen else number.as_dict() for number in self.fixed],
        }

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        from nkflow.plots.text import escaped

        head = "" if self.cuts else f"<p>{escaped(self.population)}: all its cuts are fixed</p>"
        fixed = "".join(f"<p>{escaped(line)}</p>" for line in self._fixed_lines)
        return f"{head}<div>{''.join(self.svgs())}</div>{fixed}"


def explanation(gating: Gating, name: str) -> Explanation:
    """Return the cuts on the way to the population `name`.

    Raises
    ------
    GatingError
        ``population-unknown`` or ``population-ambiguous``.
    """
    tree = gating.template.tree
    index = index_of(tree, name)
    return _explained(gating, name, entries_under(tree, () if index < 0 else (tree.nodes[index].path,)))


def explain_all(gating: Gating) -> Explanation:
    """Return every cut of the template."""
    return _explained(gating, ROOT, set(range(len(gating.template.populations))))


def _explained(gating: Gating, name: str, entries: set[int]) -> Explanation:
    tree, resolution = gating.template.tree, gating.resolution
    cuts = () if resolution is None else resolution.cuts
    set_by_cuts = {
        (entry, number) for cut in cuts for entry, number in entries_set(cut.document, tree).items()
    }
    deciding = tuple(cut for cut in cuts if entries & set(entries_set(cut.document, tree)))
    fixed = fixed_numbers(gating.template, entries, but=set_by_cuts)
    seen = (fixed_seen(gating, number) for number in fixed)
    return Explanation(name, deciding, fixed, tuple(each for each in seen if each is not None))


def explained_dict(cut: Resolved) -> dict[str, Any]:
    """Return one cut as plain values, with the density it was found on (display units)."""
    plain, seen = cut.as_dict(), cut.answer.density
    plain["find"] = cut.document.find.model_dump(mode="json")
    plain["window_display"] = list(cut.window)
    plain["sets"] = dict(cut.document.sets)
    plain["first"] = None if cut.first is None else {"reason": cut.first.reason, "message": cut.first.message}
    if cut.scale is not None and "candidates" in plain:
        plain["candidates_data"] = [float(cut.scale.inverse(at)) for at in plain["candidates"]]
    plain["density"] = None if seen is None else _density_dict(seen)
    plane = cut.answer.plane if isinstance(cut.answer, Ellipse | NoGate) else None
    if plane is not None:
        plain["density_y"] = _density_dict(plane.y)
        plain["y_window_display"] = list(cut.y_window)
        plain["components"] = [
            {
                "centre": list(each.centre),
                "covariance": [list(row) for row in each.covariance],
                "share": each.share,
            }
            for each in plane.components
        ]
    return plain


def _density_dict(seen: Density) -> dict[str, Any]:
    return {
        "low": seen.low, "step": seen.step, "bandwidth": seen.bandwidth,
        "counts": [int(count) for count in seen.counts], "height": seen.height.tolist(),
    }  # fmt: skip
