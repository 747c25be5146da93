"""`read_fcs`: a file becomes a `Sample`, or is refused with a typed error."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import TypedDict, Unpack

from nkflow.errors import InvalidValueError
from nkflow.fcs.acquired import parse_acquired
from nkflow.fcs.ascii_events import decode_ascii
from nkflow.fcs.bit_order import EVIDENCE_EVENTS, settle_bit_order
from nkflow.fcs.blocks import EventSource
from nkflow.fcs.byte_order import parse_byte_order
from nkflow.fcs.channel_table import ApplyGain, build_channels
from nkflow.fcs.channels import Channel
from nkflow.fcs.conformance import note_compensation, note_version
from nkflow.fcs.data_segment import DataSegment, OnTruncated, find_data
from nkflow.fcs.data_sets import Opened, choose, walk
from nkflow.fcs.file_events import FileEvents
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.layout import Layout, mask_of, possible_layouts
from nkflow.fcs.limits import Limits
from nkflow.fcs.memory import MemoryEvents
from nkflow.fcs.parameters import (
    channel_count,
    check_mode,
    data_types,
    declared_widths,
    renumbered,
)
from nkflow.fcs.sample import Sample
from nkflow.fcs.source import Source, Window
from nkflow.fcs.spillover_keyword import read_spillover
from nkflow.fcs.tolerance import Tolerance
from nkflow.fcs.volume import parse_volume

__all__ = ["ReadOptions", "read_fcs"]


class ReadOptions(TypedDict, total=False):
    """What is seldom asked of the reader.

    Attributes
    ----------
    name
        What to call the sample; by default the name of the file.
    apply_gain
        Divide by ``$PnG`` (FCS-V05): True, the default; ``int-only`` leaves float data alone; False.
    limits
        Caps on what the file may ask for.
    """

    name: str | None
    apply_gain: ApplyGain
    limits: Limits | None


def read_fcs(
    path: str | os.PathLike[str],
    data_set: int | None = None,
    *,
    strict: bool = True,
    allow: Collection[str] = (),
    on_truncated: OnTruncated = "error",
    **options: Unpack[ReadOptions],
) -> Sample:
    """Open an FCS 2.0-3.2 file; its events are read when they are asked for.

    Parameters
    ----------
    data_set
        Which data set, from 0. None: the only one; of two in an ``.LMD`` the last, with a finding.
    strict
        Refuse where a guess could change a number; False reads on and leaves findings of severity *error*.
    allow
        Codes of single refusals to tolerate (:data:`~nkflow.fcs.tolerance.REFUSALS`).
    on_truncated
        ``read``: of a file that ends early, the complete events, with a finding.
    **options
        `name`, `apply_gain`, `limits`: see :class:`ReadOptions`.

    Raises
    ------
    FCSError
        One of its subclasses, with a code.
    """
    asked = _Asked(on_truncated, **options)
    with Source(path) as source:
        tolerance = Tolerance(source.path.name, strict=strict, allow=allow)
        sets = walk(source, tolerance, asked.caps)
        found = list(sets if data_set is None else islice(sets, max(0, data_set) + 1))
        index = choose(len(found), data_set, source.path, tolerance)
        for finding in tolerance.findings:
            found[index].tolerance.note(**vars(finding))
        return _sample(found[index], index, asked)


@dataclass(frozen=True)
class _Asked:
    on_truncated: OnTruncated
    name: str | None = None
    apply_gain: ApplyGain = True
    limits: Limits | None = None

    def __post_init__(self) -> None:
        if self.on_truncated not in ("error", "read") or self.apply_gain not in (True, False, "int-only"):
            raise InvalidValueError(
                "an option of the reader is not known",
                found=f"on_truncated={self.on_truncated!r}, apply_gain={self.apply_gain!r}",
                expected="on_truncated 'error' or 'read'; apply_gain True, False or 'int-only'",
            )

    @property
    def caps(self) -> Limits:
        return self.limits or Limits()


def _sample(opened: Opened, index: int, asked: _Asked) -> Sample:
    window, header, keywords, tolerance = opened.window, opened.header, opened.keywords, opened.tolerance
    keywords = renumbered(keywords, tolerance)
    check_mode(keywords, tolerance)
    count = channel_count(keywords, tolerance, asked.caps)
    types = data_types(keywords, count, tolerance)
    widths = declared_widths(keywords, types, tolerance)
    order = parse_byte_order(keywords, header.version, tolerance)
    data = find_data(
        window,
        header,
        keywords=keywords,
        layouts=possible_layouts(types, widths, order, tolerance),
        tolerance=tolerance,
        on_truncated=asked.on_truncated,
    )
    channels = build_channels(keywords, data.layout, tolerance, apply_gain=asked.apply_gain)
    time_step = _time_step(keywords, tolerance)
    events = _events(window, data, channels, time_step=time_step, tolerance=tolerance, limits=asked.caps)
    note_version(keywords, header.version, tolerance)
    note_compensation(keywords, channels, tolerance)
    spillover = read_spillover(keywords, channels, tolerance, asked.caps)
    acquired = parse_acquired(keywords, header.version, tolerance)
    volume = parse_volume(keywords, tolerance)
    return Sample(
        events=events,
        channels=channels,
        path=window.source.path,
        name=asked.name if asked.name is not None else window.source.path.name,
        version=header.version,
        keywords=keywords,
        findings=tolerance.findings,
        spillover=spillover,
        acquired=acquired,
        volume=volume,
        time_step=time_step,
        cytometer=keywords.text("$CYT"),
        data_set=index,
        truncated=data.truncated,
    )


def _events(
    window: Window,
    data: DataSegment,
    channels: tuple[Channel, ...],
    *,
    time_step: float | None,
    tolerance: Tolerance,
    limits: Limits,
) -> EventSource:
    source = window.source
    if data.layout.ascii:
        values = decode_ascii(window, data, tolerance, limits)
        return MemoryEvents(values, channels, time_step or 1.0, (source.path, source.mark))
    return FileEvents(
        path=source.path,
        begin=window.offset + data.begin,
        n_events=data.n_events,
        layout=_settled(window, data, channels, tolerance),
        channels=channels,
        time_step=time_step or 1.0,
        mark=source.mark,
    )


def _settled(
    window: Window, data: DataSegment, channels: tuple[Channel, ...], tolerance: Tolerance
) -> Layout:
    """Return the layout with its masks and, where it is packed, its order of bits."""
    masks = [
        mask_of(channel.range, column.bits) if column.data_type == "I" else 0
        for channel, column in zip(channels, data.layout.columns, strict=True)
    ]
    layout = data.layout.with_masks(masks)
    if not layout.packed:
        return layout
    count = min(data.n_events, EVIDENCE_EVENTS)
    return settle_bit_order(layout, window.read(data.begin, layout.bytes_for(count)), count, tolerance)


def _time_step(keywords: Keywords, tolerance: Tolerance) -> float | None:
    """Return `$TIMESTEP` in seconds, None where it is missing, blank or no number (FCS-V07)."""
    step = keywords.number("$TIMESTEP")
    if step is not None and step > 0:
        return step
    if keywords.text("$TIMESTEP"):
        tolerance.note(
            "timestep-unreadable",
            f"$TIMESTEP is {keywords.text('$TIMESTEP')[:20]!a}",
            where="$TIMESTEP",
            consequence="values of the time channel are ticks",
        )
    return None
