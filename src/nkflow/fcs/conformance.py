"""What TEXT says that changes no number here, but that a person should know (STANDARDS.md §1.3, §1.6)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nkflow.fcs.channels import Channel
from nkflow.fcs.findings import Severity
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.spillover_keyword import SEARCH_ORDER
from nkflow.fcs.tolerance import Tolerance

__all__ = ["note_compensation", "note_version"]

_REQUIRED = {
    "FCS2.0": ("$BYTEORD", "$DATATYPE", "$MODE", "$NEXTDATA", "$PAR"),
    "FCS3.0": ("$BEGINDATA", "$ENDDATA", "$MODE", "$NEXTDATA", "$TOT"),
    "FCS3.1": ("$BEGINDATA", "$ENDDATA", "$MODE", "$NEXTDATA", "$TOT"),
    "FCS3.2": ("$BEGINDATA", "$ENDDATA", "$CYT", "$NEXTDATA", "$TOT"),
}
_REQUIRED_OF_CHANNELS = {"FCS2.0": "BR", "FCS3.0": "BER", "FCS3.1": "BENR", "FCS3.2": "BENR"}
_FIRST_SEEN = {
    "FCS3.0": re.compile(r"\$(?:P\d+G|TIMESTEP|UNICODE|COMP|CS\w+)"),
    "FCS3.1": re.compile(
        r"\$(?:SPILLOVER|P\d+D|P\d+CALIBRATION|VOL|ORIGINALITY|LAST_MODIFIED|LAST_MODIFIER|PLATEID|PLATENAME|WELLID)"
    ),
    "FCS3.2": re.compile(
        r"\$(?:P\d+(?:DATATYPE|TYPE|FEATURE|ANALYTE|TAG|DET)|UNSTAINEDINFO|UNSTAINEDCENTERS|FLOWRATE|CARRIERID"
        r"|CARRIERTYPE|LOCATIONID|BEGINDATETIME|ENDDATETIME)"
    ),
}
_HARDWARE = re.compile(r"\$DFC\d{1,4}TO\d{1,4}", re.ASCII)


def note_version(keywords: Keywords, version: str, tolerance: Tolerance) -> None:
    """Note keywords that the stated version requires, and those it does not have yet.

    Files are read by the keywords that are there: real ones claim one version and use another's.
    """
    count = keywords.integer("$PAR") or 0
    required = [*_REQUIRED[version]]
    for number in range(1, count + 1):
        required += [f"$P{number}{what}" for what in _REQUIRED_OF_CHANNELS[version]]
    missing = [key for key in required if key not in keywords]
    if missing:
        _note(
            tolerance, "keywords-missing", f"{version} requires keywords that are missing", missing, "warning"
        )
    later = [
        key
        for since, pattern in _FIRST_SEEN.items()
        if since > version
        for key in keywords
        if pattern.fullmatch(key)
    ]
    if later:
        _note(
            tolerance,
            "keywords-of-later-version",
            f"{version} does not have these keywords yet",
            later,
            "info",
        )


def note_compensation(keywords: Keywords, channels: Sequence[Channel], tolerance: Tolerance) -> None:
    """Note what the file says about compensation beside its matrix: shown, and never acted on (FCS-C05, C06)."""
    hardware = [key for key in keywords if key == "$COMP" or _HARDWARE.fullmatch(key)]
    if hardware:
        _note(
            tolerance,
            "compensated-in-hardware",
            "the instrument says what it subtracted already; shown, never applied",
            hardware,
            "info",
        )
    for key in ("APPLY COMPENSATION", "APPLY_COMPENSATION"):
        if keywords.text(key):
            tolerance.note(
                "apply-compensation",
                f"{key} is {keywords.text(key)[:40]!a}",
                severity="info",
                where=key,
                consequence="a setting of the display: it says nothing about the events and decides nothing",
            )
    if keywords.text("$ORIGINALITY").lower() not in ("", "original"):
        tolerance.note(
            "originality",
            f"$ORIGINALITY is {keywords.text('$ORIGINALITY')[:40]!a}",
            where="$ORIGINALITY",
            consequence="the file is not as the instrument wrote it; whether its events are, can't be seen",
        )
    compensated = [channel.name for channel in channels if channel.compensated]
    exported = keywords.text("FJ_FCS_VERSION")
    if compensated or exported:
        matrices = [key for key in SEARCH_ORDER if keywords.text(key)]
        beside = f"; {', '.join(matrices)} is there as well" if matrices else ""
        what = f"{len(compensated)} channels say that they are compensated or unmixed"
        tolerance.note(
            "already-compensated",
            (what if compensated else "FlowJo exported the file") + beside,
            severity="warning" if matrices else "info",
            where=", ".join(compensated[:5]),
            consequence="not to be compensated again",
        )


def _note(tolerance: Tolerance, code: str, message: str, keys: Sequence[str], severity: Severity) -> None:
    shown = ", ".join(keys[:6]) + (f" and {len(keys) - 6} more" if len(keys) > 6 else "")
    tolerance.note(code, f"{message}: {shown}", severity=severity, where=keys[0])
