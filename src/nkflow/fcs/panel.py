"""Finding a channel by its name or by its marker: whole tokens, never a substring, never a position."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nkflow.errors import PanelError
from nkflow.fcs.channels import Channel, detector_of
from nkflow.fcs.findings import Finding

__all__ = ["Match", "find", "listing"]

_WORDS = re.compile(r"[\s,;()\[\]]+")
_JOINTS = re.compile(r"[-/:_]")
#: Words that make another marker of the cluster beside them: ``CD45 RA``, ``CD8 beta``, ``CD3 zeta``.
_ISOFORM = re.compile(r"r[abco]|[b-gi-v]|alpha|beta|gamma|delta|epsilon|zeta")
_CLUSTER = re.compile(r"cd\d+[a-z]*")
#: Words beside a marker that name its dye, its metal or a part of the pulse, and no other marker.
_BESIDE = re.compile(
    r"fitc|pe|apc|percp|ecd|cy\d[\d.]*|pc\d[\d.]*|bv\d{3}|buv\d{3}|bb\d{3}|rb\d{3}|r\d{3}|af\d{3}|alexa|fluor"
    r"|pb|po|ko|ka|v\d{3}|dapi|gfp|pacific|blue|orange|green|texas|red|krome|qdot|super|bright|spark|efluor|ef\d{3}"
    r"|fire|h7|rd1|aa\d{3}|\d{3}|\d{1,2}\.\d|\d{2,3}[a-z]{1,2}|[a-z]{1,2}\d{2,3}di|a|h|w|area|height|width|log|lin|int|anti|human|mouse|comp"
)


_UNUSUAL = (
    (re.compile(r"\bcd[ -](?=\d)"), "cd"),  # CD 3, CD-3
    (re.compile(r"\b(?:hu|anti)(?=cd\d)"), ""),  # huCD3
    (re.compile(r"(cd\d+)\.(?=\d\d\b)"), r"\1+"),  # CD16.56
    (re.compile(r"(cd\d+(?:[+/]\d+)?[a-z]?)[.|](?=[a-z])"), r"\1 "),  # CD3.FITC, CD3|FITC
)
_PARTS = re.compile(r"[\s,;()\[\]+/:&_-]+")
_GLUED = re.compile(r"(cd\d+)(?=cd\d)")


@dataclass(frozen=True)
class Match:
    """The channel that was meant, and what a person should know about the choice."""

    index: int
    findings: tuple[Finding, ...] = ()


def find(channels: Sequence[Channel], wanted: str, aliases: Sequence[str] = ()) -> Match:
    """Return the one channel that `wanted` or one of `aliases` names.

    The name (``$PnN``) exactly, then without regard to case; else the marker, without regard to case, as a whole
    or as its one whole token beside a dye (``CD3`` in ``CD3 FITC`` and in ``CD3-PE-Cy7``). Markers that name two
    things (``CD16+56``, ``CD14/CD19``) are markers of their own, however they are spelled: ``CD16+CD56 PE`` is
    ``CD16/56``. A channel without a marker may have it in its
    name (``CD3-A``). Where one marker stands on area, height and width of one detector it means the area.

    Raises
    ------
    PanelError
        ``channel-missing`` or ``channel-ambiguous``; the message lists what is there.
    """
    for matches in _tiers(channels, (wanted, *aliases)):
        if matches:
            return _only(matches, channels, wanted)
    raise PanelError(
        f"no channel has the name or the marker {wanted!r}",
        code="channel-missing",
        where=wanted,
        found=listing(channels),
        expected=", ".join((wanted, *aliases)),
        next_step="Add an alias to the panel of the template if one of these channels is meant.",
    )


def _tiers(channels: Sequence[Channel], wanted: Sequence[str]) -> Iterator[list[Channel]]:
    """Iterate over the channels that may be meant, those that count most first."""
    yield [channel for channel in channels if channel.name in wanted]
    names = {_fold(name) for name in wanted}
    yield [channel for channel in channels if names & _spellings(channel.name, channel.original_name)]
    # one tier: ``CD3`` on one detector and ``CD3 FITC`` on another is a doubling, not a better match
    yield [c for c in channels if _fold(c.marker) in names or _token(c.marker) in names]
    yield [channel for channel in channels if not channel.marker and _token(channel.name) in names]
    pairs = {_pair(name) for name in names} - {frozenset()}
    yield [channel for channel in channels if pairs & {_pair(channel.marker)}]
    yield [channel for channel in channels if not channel.marker and pairs & {_pair(channel.name)}]


def listing(channels: Sequence[Channel]) -> str:
    """Return the channels as a person writes them: ``PE-A (CD56), FITC-A (CD3)``."""
    return ", ".join(f"{c.name} ({c.marker})" if c.marker else c.name for c in channels)


def _only(matches: list[Channel], channels: Sequence[Channel], wanted: str) -> Match:
    if len(matches) == 1:
        return Match(matches[0].index)
    area = _area_of_one_detector(matches)
    if area is None:
        raise PanelError(
            f"{wanted!r} names more than one channel",
            code="channel-ambiguous",
            where=wanted,
            found=listing(matches),
            expected="one channel",
            next_step=f"Use the channel's own name ($PnN). Here are: {listing(channels)}.",
        )
    others = ", ".join(channel.name for channel in matches if channel is not area)
    finding = Finding(
        "marker-on-several-features",
        "info",
        f"{wanted} stands on {area.name} and on {others}",
        where=area.name,
        consequence="the area is used",
    )
    return Match(area.index, (finding,))


def _area_of_one_detector(matches: Sequence[Channel]) -> Channel | None:
    """Return the area among `matches` where they are different parts of one detector's pulse, else None."""
    features = [channel.feature for channel in matches]
    distinct = len(set(features)) == len(features) and "" not in features
    one_detector = len({detector_of(channel.name).casefold() for channel in matches}) == 1
    return matches[features.index("A")] if distinct and one_detector and "A" in features else None


@lru_cache(1024)
def _spellings(name: str, original_name: str) -> frozenset[str]:
    """Return the names of a channel; FlowJo writes ``_`` for ``/`` (FCS-M07)."""
    names = frozenset((_fold(name), _fold(original_name)))
    return (names | {name.replace("/", "_") for name in names}) - {""}


@lru_cache(1024)  # every marker of a panel is compared with every channel
def _token(marker: str) -> str | None:
    """Return the one part of a marker that is neither dye nor metal nor feature; None where there are more.

    ``PE-Cy7`` and ``HLA-DR`` have no such part or two of them: they are found as a whole only.
    """
    plain = _plain(marker)
    words = [[part for part in _JOINTS.split(word) if part] for word in _WORDS.split(plain) if word]
    clusters = {part for word in words for part in word if _CLUSTER.fullmatch(part)}
    if "+" in marker or len(clusters) > 1:
        return None
    if clusters:
        cluster = clusters.pop()
        joined = {part for word in words if cluster in word for part in word} - {cluster}
        apart = {part for word in words if cluster not in word for part in word}
        alone = all(_BESIDE.fullmatch(part) for part in joined)
        return cluster if alone and not any(_ISOFORM.fullmatch(part) for part in apart) else None
    named = [word for word in words if not all(_BESIDE.fullmatch(part) for part in word)]
    return "-".join(named[0]) if len(named) == 1 and len(words) > 1 else None


@lru_cache(1024)
def _pair(marker: str) -> frozenset[str]:
    """Return the two or more clusters of one marker, ``{cd16, cd56}`` of ``CD16/56 PE``; nothing for any other."""
    parts = [part for part in _PARTS.split(_GLUED.sub(r"\1+", _plain(marker).replace("cd(", "cd"))) if part]
    clusters: set[str] = set()
    for part in parts:
        if re.fullmatch(r"cd\d+[a-z]?", part):
            clusters.add(part)
        elif clusters and re.fullmatch(r"\d{1,2}", part):
            clusters.add(f"cd{part}")
        elif not _BESIDE.fullmatch(part):
            return frozenset()
    return frozenset(clusters) if len(clusters) > 1 else frozenset()


def _plain(marker: str) -> str:
    """Return a marker folded and as it is written most often: ``CD 3`` is ``cd3``, ``CD3.FITC`` is ``cd3 fitc``."""
    for pattern, instead in _UNUSUAL:
        marker = pattern.sub(instead, _fold(marker))
    return marker


@lru_cache(1024)
def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()
