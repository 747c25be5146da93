"""What the reader tolerates: every oddity becomes a finding, every guess about a number a refusal.

Strict reading (the default) refuses where a guess could change a number. A refusal has a code; naming the code
in ``allow`` reads on and leaves a finding of severity *warning*; ``strict=False`` reads on for every code and
leaves findings of severity *error*.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from nkflow.errors import FCSError, FCSFormatError, InvalidValueError
from nkflow.fcs.findings import Finding, Severity

__all__ = ["REFUSALS", "Tolerance"]

#: What strict reading refuses and a named option allows: code -> what is done when it is allowed.
REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "analysis-offset": "the ANALYSIS segment is ignored",
        "byteord-invalid": "bytes are taken in little-endian order",
        "nextdata-invalid": "the data sets found so far are used",
        "segment-overlap": "the segments are read where their offsets say",
        "spillover-conflict": "the first matrix in the standard's search order is used",
        "tot-invalid": "events are counted by the length of DATA",
        "tot-mismatch": "the smaller number of events is read",
        "width-mismatch": "channels have the width of their type",
    }
)


class Tolerance:
    """Collect the findings of one file and refuse what its caller did not allow.

    Parameters
    ----------
    where
        The file, named at the head of every error.
    strict
        Refuse every doubt whose code is not in `allow`.
    allow
        Codes of :data:`REFUSALS`.

    Raises
    ------
    InvalidValueError
        A code in `allow` is not one of :data:`REFUSALS`.
    """

    def __init__(self, where: str, *, strict: bool = True, allow: Collection[str] = ()) -> None:
        unknown = sorted(set(allow) - set(REFUSALS))
        if unknown:
            raise InvalidValueError(
                "an option to allow is not known",
                found=", ".join(unknown),
                expected=f"some of {', '.join(sorted(REFUSALS))}",
            )
        self.where = where
        self._strict = strict
        self._allow = frozenset(allow)
        self._findings: dict[Finding, None] = {}

    def fresh(self) -> Tolerance:
        """Return one with the same rules and no findings, for another data set of the file."""
        return Tolerance(self.where, strict=self._strict, allow=self._allow)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noted so far, each once, in the order of reading."""
        return tuple(self._findings)

    def note(
        self,
        code: str,
        message: str,
        *,
        severity: Severity = "warning",
        where: str = "",
        consequence: str = "",
    ) -> None:
        """Record an oddity that changes no number."""
        self._findings[Finding(code, severity, message, where, consequence)] = None

    def doubt(
        self,
        code: str,
        message: str,
        *,
        where: str = "",
        found: str = "",
        expected: str = "",
        error: type[FCSError] = FCSFormatError,
    ) -> None:
        """Refuse, or record what was allowed: `code` is one of :data:`REFUSALS`."""
        consequence = REFUSALS[code]
        if self._strict and code not in self._allow:
            raise error(
                message,
                code=code,
                where=f"{self.where}: {where}" if where else self.where,
                found=found,
                expected=expected,
                next_step=f"allow '{code}' if this is right for the file: {consequence}",
            )
        severity: Severity = "warning" if code in self._allow else "error"
        text = f"{message} (found {found})" if found else message
        self.note(code, text, severity=severity, where=where, consequence=f"allowed: {consequence}")
