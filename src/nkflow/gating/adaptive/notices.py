"""What a person should know about the cuts of a tube."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from nkflow.fcs.findings import Finding
from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.resolution import Resolved

__all__ = ["findings_of", "place_in_words"]


def findings_of(
    cuts: Sequence[Resolved], *, has_controls: bool, may_lack: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Return the findings: *no gate* is an error, another method than the first or an end left open a warning.

    That a tube lacks a channel of `may_lack` (markers that the template does not require) is a warning.
    """
    return tuple(finding for cut in cuts for finding in _findings(cut, has_controls, may_lack))


def _findings(cut: Resolved, has_controls: bool, may_lack: Collection[str]) -> Iterator[Finding]:
    answer, where = cut.answer, f"cut {cut.name}"
    if isinstance(answer, NoGate):
        if answer.reason == "no-channel":
            text = (
                "taken as passed by every event"
                if cut.document.optional
                else "its populations are not evaluable"
            )
            allowed = cut.document.optional or cut.document.channel in may_lack
            yield Finding("no-gate", "warning" if allowed else "error", answer.message, where, text)
            return
        if cut.opened:
            text = f"{cut.name} was left open, since {answer.message}"
            yield Finding(
                "cut-open", "warning", text, where, "its populations take all that lies on that side"
            )
            return
        code = "cut-outside-window" if answer.reason == "outside-window" else "no-gate"
        text = f"no gate for {cut.name}: {answer.message}{_where(cut, answer.candidate)}"
        yield Finding(code, "error", text, where, "the populations that need it are not evaluable")
    elif cut.first is not None:
        text = f"{cut.name} was found by {_method(cut)} in {cut.source}, since {cut.first.message}"
        code = "cut-without-control" if cut.first.reason == "no-control" else "cut-otherwise"
        expected = "no controls were given" if not has_controls else ""
        yield Finding(code, "warning", text, where, expected)


def place_in_words(cut: Resolved, at: float) -> str:
    """Return a display value in data units, short."""
    value = at if cut.scale is None else float(cut.scale.inverse(at))
    return f"{value:.4g}"


def _where(cut: Resolved, candidate: Cut | None) -> str:
    if candidate is None:
        return ""
    low, high = cut.document.window
    return f" (at {place_in_words(cut, candidate.at)}; window {low:g} to {high:g})"


def _method(cut: Resolved) -> str:
    return "singlet-band" if isinstance(cut.answer, Band) else cut.answer.method
