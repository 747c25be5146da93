"""Looking into a file without trusting it: for `nkflow inspect`."""

from __future__ import annotations

import os
from pathlib import Path

from nkflow.errors import FCSError
from nkflow.fcs import cross_check as second_opinion
from nkflow.fcs.crc import Checksum, read_checksum
from nkflow.fcs.data_sets import DataSetInfo, data_sets
from nkflow.fcs.file_events import FileEvents
from nkflow.fcs.findings import Finding
from nkflow.fcs.header import HEADER_BYTES, parse_header
from nkflow.fcs.inspection import Inspection
from nkflow.fcs.limits import Limits
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.fcs.segments import segment_in_text
from nkflow.fcs.source import Source, Window
from nkflow.fcs.survey import survey, survey_findings
from nkflow.fcs.tolerance import Tolerance

__all__ = ["inspect"]


def inspect(
    path: str | os.PathLike[str],
    *,
    cross_check: bool = False,
    data_set: int | None = None,
    limits: Limits | None = None,
) -> Inspection:
    """Read the file as strictly as a release does, and say what is in it and what is odd about it.

    A file that is refused is read once more with every tolerance, so that there is something to look at; it is
    not trusted. All events are read once, block by block.

    Parameters
    ----------
    cross_check
        Read the events with FlowIO and fcsparser too and compare them value for value.
    data_set
        Which data set, from 0; as :func:`~nkflow.fcs.read.read_fcs`.
    """
    caps = limits or Limits()
    sample, error = _read(path, data_set, caps)
    sets = _data_sets(path, caps)
    if sample is None:
        return Inspection(Path(path), sets, error=error)
    offset = sets[sample.data_set].offset if sample.data_set < len(sets) else 0
    channels = survey(sample)
    checksum = _checksum(sample, offset)
    findings = (*sample.findings, *survey_findings(sample, channels), *_checksum_finding(checksum))
    comparisons = second_opinion.cross_check(sample, offset) if cross_check else ()
    return Inspection(Path(path), sets, sample, error, channels, findings, checksum, comparisons)


def _read(
    path: str | os.PathLike[str], data_set: int | None, limits: Limits
) -> tuple[Sample | None, FCSError | None]:
    try:
        return read_fcs(path, data_set, limits=limits), None
    except FCSError as problem:
        error = problem
    try:
        return read_fcs(path, data_set or 0, strict=False, on_truncated="read", limits=limits), error
    except FCSError:
        return None, error


def _data_sets(path: str | os.PathLike[str], limits: Limits) -> tuple[DataSetInfo, ...]:
    try:
        return data_sets(path, limits=limits)
    except FCSError:  # the refusal of the events says why
        return ()


def _checksum(sample: Sample, offset: int) -> Checksum | None:
    """Return the checksum behind the last segment of a binary data set."""
    events = sample.events
    if not isinstance(events, FileEvents):
        return None
    with Source(events.path) as source:
        window = Window(source, offset)
        header = parse_header(window.read(0, HEADER_BYTES), Tolerance(sample.name, strict=False))
        segments = [header.text, header.analysis]
        segments += [s for name in ("STEXT", "ANALYSIS") if (s := segment_in_text(sample.keywords, name))]
        ends = [segment.end + 1 for segment in segments if segment.present and segment.end < window.size]
        return read_checksum(window, max(*ends, events.end - offset))


def _checksum_finding(checksum: Checksum | None) -> tuple[Finding, ...]:
    if checksum is None or checksum.state != "wrong":
        return ()
    return (
        Finding(
            "checksum-wrong",
            "warning",
            f"behind the last segment stands {checksum.stated!a}, the bytes give {checksum.computed:04x}",
            where="CRC",
            consequence="few programs write a right one: not a reason to refuse the file",
        ),
    )
