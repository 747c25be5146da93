"""What was odd about a file or a tube, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Severity", "worst"]

Severity = Literal["info", "warning", "error"]
_ORDER: tuple[Severity, ...] = ("info", "warning", "error")


@dataclass(frozen=True)
class Finding:
    """Something the reader or the gating tolerated and did not repair in silence.

    Attributes
    ----------
    code
        Stable word for programs, lower case with hyphens (``"offset-plus-one"``).
    severity
        ``info``: harmless; ``warning``: a person should know; ``error``: a number may be wrong.
    message
        One sentence for a person.
    where
        Keyword, segment, channel or population.
    consequence
        What was done, and what it means for the numbers.
    """

    code: str
    severity: Severity
    message: str
    where: str = ""
    consequence: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as plain values."""
        return dict(vars(self))


def worst(findings: tuple[Finding, ...]) -> Severity | None:
    """Return the highest severity among `findings`, or None where there are none."""
    return max((finding.severity for finding in findings), key=_ORDER.index, default=None)
