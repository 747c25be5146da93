"""`Inspection`: what was found in a file, as plain values and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from nkflow.errors import FCSError
from nkflow.fcs.crc import Checksum
from nkflow.fcs.cross_check import Comparison
from nkflow.fcs.data_sets import DataSetInfo
from nkflow.fcs.findings import Finding, worst
from nkflow.fcs.sample import Sample
from nkflow.fcs.survey import ChannelSurvey
from nkflow.fcs.terminal import printable

__all__ = ["Inspection"]

#: Keywords that describe the measurement and no person; names of people and samples stay in the file (§7, PHI).
_SHOWN_KEYWORDS = ("$SYS", "$CYTSN", "$MODE", "$BYTEORD", "$DATATYPE", "CREATOR", "EXPORT VERSION", "$COMP")


@dataclass(frozen=True, eq=False)
class Inspection:
    """What is in a file.

    Attributes
    ----------
    data_sets
        What the file holds; empty where its headers can't be read.
    sample
        The data set that was looked at, read with every tolerance where it was refused; None if that failed.
    error
        Why strict reading refuses the file, or None.
    channels
        What the values of every channel span.
    findings
        Of the reader, and of the look at all events.
    checksum
        The one behind the last segment; None for ASCII data.
    comparisons
        With other readers, if asked for.
    """

    path: Path
    data_sets: tuple[DataSetInfo, ...] = ()
    sample: Sample | None = None
    error: FCSError | None = None
    channels: tuple[ChannelSurvey, ...] = ()
    findings: tuple[Finding, ...] = ()
    checksum: Checksum | None = None
    comparisons: tuple[Comparison, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether strict reading accepts the file, no finding is an error and no difference is unexplained."""
        explained = all(comparison.explained for comparison in self.comparisons)
        return self.error is None and worst(self.findings) != "error" and explained

    def as_dict(self) -> dict[str, object]:
        """Return everything as plain values."""
        return {
            "schema": "nkflow.inspection",
            "version": 1,
            "file": self.path.name,
            "trusted": self.trusted,
            "error": self.error.as_dict() if self.error else None,
            "data_sets": [asdict(info) for info in self.data_sets],
            "sample": self._sample_as_dict(),
            "findings": [finding.as_dict() for finding in self.findings],
            "checksum": asdict(self.checksum) if self.checksum else None,
            "cross_check": [comparison.as_dict() for comparison in self.comparisons],
        }

    def lines(self) -> tuple[str, ...]:
        """Return lines for a terminal; nothing in them comes from the file unescaped."""
        return tuple(printable(line, 400) for line in self._lines())

    def _sample_as_dict(self) -> dict[str, object] | None:
        sample = self.sample
        if sample is None:
            return None
        volume, spillover = sample.volume, sample.spillover
        return {
            "fcs_version": sample.version,
            "data_set": sample.data_set,
            "n_events": sample.n_events,
            "truncated": sample.truncated,
            "cytometer": sample.cytometer,
            "begin": sample.acquired.begin.isoformat() if sample.acquired.begin else None,
            "end": sample.acquired.end.isoformat() if sample.acquired.end else None,
            "time_step": sample.time_step,
            "volume": None
            if volume is None
            else {
                "value": volume.value,
                "unit": volume.unit,
                "plausible_units": list(volume.plausible_units(sample.acquired.seconds)),
            },
            "spillover": None
            if spillover is None
            else {"source": spillover.source, "names": list(spillover.names), "sha256": spillover.sha256},
            "keywords": {key: sample.keywords[key] for key in _SHOWN_KEYWORDS if key in sample.keywords},
            "channels": [
                asdict(channel) | {"log": list(channel.log) if channel.log else None} | span.as_dict()
                for channel, span in zip(sample.channels, self.channels, strict=True)
            ],
        }

    def _lines(self) -> Iterator[str]:
        yield f"{self.path.name}: {'can be trusted' if self.trusted else 'CAN NOT BE TRUSTED'}"
        if self.error is not None:
            yield f"  refused ({self.error.code}): {self.error}"
        if len(self.data_sets) > 1:
            yield f"  {len(self.data_sets)} data sets"
        if self.sample is not None:
            yield from self._sample_lines(self.sample)
        for finding in self.findings:
            consequence = f" -> {finding.consequence}" if finding.consequence else ""
            yield f"  {finding.severity} {finding.code} [{finding.where}]: {finding.message}{consequence}"
        if self.checksum is not None:
            yield f"  checksum: {self.checksum.state}"
        for comparison in self.comparisons:
            yield from _comparison_lines(comparison)

    def _sample_lines(self, sample: Sample) -> Iterator[str]:
        what = (
            sample.version,
            f"{sample.n_events} events",
            f"{len(sample.channels)} channels",
            sample.cytometer,
        )
        yield f"  {', '.join(part for part in what if part)}"
        if sample.acquired.begin is not None:
            seconds = sample.acquired.seconds
            length = "" if seconds is None else f", {seconds:.1f} s"
            yield f"  acquired {sample.acquired.begin.isoformat(' ', 'milliseconds')}{length}"
        if sample.volume is not None:
            units = sample.volume.plausible_units(sample.acquired.seconds)
            hint = (
                f"plausible as {' or '.join(units)}" if units else "no unit is plausible, or no time is known"
            )
            yield f"  $VOL {sample.volume.value:g}, its unit is not in the file ({hint})"
        if sample.spillover is not None:
            yield f"  spillover in {sample.spillover.source}: {', '.join(sample.spillover.names)}"
        for channel, span in zip(sample.channels, self.channels, strict=True):
            stored = f"{channel.data_type}{channel.bits}" + (" log" if channel.log else "")
            spans = "no values" if span.lowest is None else f"{span.lowest:g} .. {span.highest:g}"
            yield f"  {channel.index + 1:>4} {channel.name:<28} {channel.marker:<20} {stored:<8} {spans}"


def _comparison_lines(comparison: Comparison) -> Iterator[str]:
    yield f"  {comparison.reader} {comparison.version} {comparison.state}: {comparison.message}"
    for difference in comparison.differences[:5]:
        yield (
            f"    {difference.channel}: {difference.events} events, first {difference.first}: "
            f"{difference.here!r} here, {difference.there!r} there"
        )
    if comparison.state in ("differs", "refuses"):
        for reason in comparison.reasons or ("no known reason: look at the file",):
            yield f"    {comparison.reader} {reason}" if comparison.reasons else f"    {reason}"
