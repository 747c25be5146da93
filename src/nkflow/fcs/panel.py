"""Finding a channel by its name or by its marker: whole tokens, never a substring, never a position."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from nkflow.errors import PanelError
from nkflow.fcs.channels import Channel
from nkflow.fcs.findings import Finding

__all__ = ["Match", "find", "listing"]

_SEPARATORS = re.compile(r"[\s,;:/|()\[\]_]+")
_MARKER_LIKE = re.compile(r"(?:cd\d+[a-z]*|\d{1,3}[a-z]?)", re.IGNORECASE)


@dataclass(frozen=True)
class Match:
    """The channel that was meant, and what a person should know about the choice."""

    index: int
    findings: tuple[Finding, ...] = ()


def find(channels: Sequence[Channel], wanted: str, aliases: Sequence[str] = ()) -> Match:
    """Return the one channel that `wanted` or an alias names.

    ``$PnN`` exactly; else ``$PnN`` without regard to case; else the marker: as a whole, or as a whole token of it
    (``CD3`` in ``CD3 FITC``), without regard to case. ``CD16+56`` is a marker of its own and holds neither
    token. Where one marker stands on area, height and width of one detector it means the area.

    Raises
    ------
    PanelError
        ``channel-missing`` or ``channel-ambiguous``; the message lists what is there.
    """
    names = (wanted, *aliases)
    for step in (_by_name, _by_folded_name, _by_marker, _by_token):
        matches = [channel for channel in channels if any(step(channel, name) for name in names)]
        if matches:
            return _only(matches, channels, wanted)
    raise PanelError(
        f"no channel is named {wanted!r} and none has this marker",
        code="channel-missing",
        where=wanted,
        found=listing(channels),
        expected=", ".join(names),
        next_step="Add an alias to the panel of the template if one of these channels is meant.",
    )


def listing(channels: Sequence[Channel]) -> str:
    """Return the channels as a person writes them: ``PE-A (CD56), FITC-A (CD3)``."""
    return ", ".join(f"{c.name} ({c.marker})" if c.marker else c.name for c in channels)


def _only(matches: list[Channel], channels: Sequence[Channel], wanted: str) -> Match:
    if len(matches) == 1:
        return Match(matches[0].index)
    areas = [channel for channel in matches if channel.feature == "A"]
    detectors = {_detector(channel) for channel in matches}
    features = [channel.feature for channel in matches]
    if len(areas) == 1 and len(detectors) == 1 and "" not in features and len(set(features)) == len(features):
        others = ", ".join(channel.name for channel in matches if channel is not areas[0])
        finding = Finding(
            "marker-on-several-features",
            "info",
            f"{wanted} stands on {areas[0].name} and on {others}",
            where=areas[0].name,
            consequence="the area is used",
        )
        return Match(areas[0].index, (finding,))
    raise PanelError(
        f"{wanted!r} names more than one channel",
        code="channel-ambiguous",
        where=wanted,
        found=listing(matches),
        expected="one channel",
        next_step=f"Use the channel's own name ($PnN). Here are: {listing(channels)}.",
    )


def _by_name(channel: Channel, name: str) -> bool:
    return name in (channel.name, channel.original_name)


def _by_folded_name(channel: Channel, name: str) -> bool:
    """Compare without case; FlowJo writes ``_`` for ``/`` (FCS-M07)."""
    return _fold(channel.name) == _fold(name) or _fold(channel.name).replace("/", "_") == _fold(name)


def _by_marker(channel: Channel, name: str) -> bool:
    return bool(channel.marker) and _fold(channel.marker) == _fold(name)


def _by_token(channel: Channel, name: str) -> bool:
    return _fold(name) in _tokens(channel.marker)


def _tokens(marker: str) -> set[str]:
    """Return the words of a marker, and of a word such as ``CD3-FITC`` its first part.

    ``PE-Cy7`` and ``HLA-DR`` stay whole; ``CD16+56`` and ``CD16+CD56`` hold a plus and stay whole.
    """
    tokens: set[str] = set()
    for word in _SEPARATORS.split(_fold(marker)):
        tokens.add(word)
        first, dash, _ = word.partition("-")
        if dash and _MARKER_LIKE.fullmatch(first) and "+" not in word:
            tokens.add(first)
    return tokens - {""}


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _detector(channel: Channel) -> str:
    """Return the name without its feature: ``FSC`` of ``FSC-A``."""
    name = re.sub(
        r"[ _-](a|h|w|area|height|width|peak|integral)$", "", channel.name.strip(), flags=re.IGNORECASE
    )
    return name.casefold()
