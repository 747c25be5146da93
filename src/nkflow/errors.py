"""Every error nkflow raises on purpose.

The tree, with the exit code that the command line gives to each branch::

    NkflowError                          1
    ├── DataError                        3   the data can't be read, trusted or gated
    │   ├── FCSError
    │   │   ├── FCSFormatError               the bytes break a rule of the format
    │   │   ├── FCSTruncatedError            fewer bytes than the header promises
    │   │   ├── FCSLimitError                a cap was reached before memory was asked for
    │   │   ├── FCSUnsupportedError          legal, but not list-mode data that can be gated
    │   │   └── FCSChangedError              the file changed between opening and reading
    │   ├── PanelError                   a marker or channel is missing or ambiguous
    │   ├── CompensationError            a matrix can't be used, or would be applied twice
    │   ├── GatingError                  a tube can't be gated with this template
    │   └── CountingError                counts from which no concentration follows
    ├── DocumentError                    4   all problems of a document at once
    │   ├── TemplateError
    │   ├── ProtocolError
    │   └── LotError
    ├── InvalidValueError                4   a value that its type does not allow (also a ValueError)
    │   ├── ScaleError
    │   ├── GateError
    │   └── UnitError
    ├── MissingExtraError                2   an optional package is not installed
    ├── OutputError                      2   an output exists already, or can't be written
    └── IntegrityError                   6   a record, hash or signature does not hold
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "CompensationError",
    "CountingError",
    "DataError",
    "DocumentError",
    "FCSChangedError",
    "FCSError",
    "FCSFormatError",
    "FCSLimitError",
    "FCSTruncatedError",
    "FCSUnsupportedError",
    "GateError",
    "GatingError",
    "IntegrityError",
    "InvalidValueError",
    "LotError",
    "MissingExtraError",
    "NkflowError",
    "OutputError",
    "PanelError",
    "Problem",
    "ProtocolError",
    "ScaleError",
    "TemplateError",
    "UnitError",
]


class NkflowError(Exception):
    """Root of the tree: what happened, where, what was found, what was expected and the next step.

    Parameters
    ----------
    message
        One sentence, without a full stop.
    code
        A stable word for programs (``"fcs-truncated"``); each class has a default.
    where
        File, keyword, node path: the place a person has to look at.
    found, expected
        What stood there, and what should have.
    next_step
        What the reader of the message can do about it.
    """

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: str = "",
        found: str = "",
        expected: str = "",
        next_step: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.where = where
        self.found = found
        self.expected = expected
        self.next_step = next_step

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        if self.found:
            text += f"; found {self.found}"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.next_step:
            text += f". {self.next_step}"
        return text

    def as_dict(self) -> dict[str, object]:
        """Return the error as plain values, for ``--json`` and for records."""
        return {
            "error": type(self).__name__,
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "found": self.found,
            "expected": self.expected,
            "next_step": self.next_step,
        }


class DataError(NkflowError):
    """The data can't be read, trusted or gated."""

    exit_code = 3
    default_code = "data"


class FCSError(DataError):
    """A file can't be read as FCS list-mode data."""

    default_code = "fcs"


class FCSFormatError(FCSError):
    """The bytes break a rule of the format, so that a guess could change a number."""

    default_code = "fcs-format"


class FCSTruncatedError(FCSError):
    """The file holds fewer bytes than its header promises."""

    default_code = "fcs-truncated"


class FCSLimitError(FCSError):
    """A cap was reached before memory was asked for."""

    default_code = "fcs-limit"


class FCSUnsupportedError(FCSError):
    """Legal FCS, but not list-mode data that can be gated (histograms, FCS 1.0)."""

    default_code = "fcs-unsupported"


class FCSChangedError(FCSError):
    """The file changed between opening and reading."""

    default_code = "fcs-changed"


class PanelError(DataError):
    """A marker or channel is missing or ambiguous; the message lists what is there."""

    default_code = "panel"


class CompensationError(DataError):
    """A matrix can't be used, or would be applied twice."""

    default_code = "compensation"


class GatingError(DataError):
    """A tube can't be gated with this template."""

    default_code = "gating"


class CountingError(DataError):
    """Counts from which no concentration follows."""

    default_code = "counting"


@dataclass(frozen=True)
class Problem:
    """One mistake in a document: where it stands, what was found, what was expected, the next step.

    ``message`` is a sentence where a rule is broken that found and expected alone don't tell.
    """

    file: str
    line: int | None
    path: str
    found: str
    expected: str
    next_step: str = ""
    message: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        found = f"found {self.found}" if self.found else ""
        expected = f"expected {self.expected}" if self.expected else ""
        text = f"{place}: {self.path or '(document)'}: {'; '.join(filter(None, (self.message, found, expected)))}"
        return f"{text}. {self.next_step}" if self.next_step else text


class DocumentError(NkflowError):
    """A document with its mistakes, all at once, in `problems`."""

    exit_code = 4
    default_code = "document"

    def __init__(self, message: str, problems: Sequence[Problem] = (), *, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [super().__str__(), *(f"  {problem}" for problem in self.problems)]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """Return the error and every problem as plain values."""
        return super().as_dict() | {"problems": [vars(problem) for problem in self.problems]}


class TemplateError(DocumentError):
    """A gating template that can't be used."""

    default_code = "template"


class ProtocolError(DocumentError):
    """A dose protocol that can't be used."""

    default_code = "protocol"


class LotError(DocumentError):
    """A lot document that can't be used."""

    default_code = "lot"


class InvalidValueError(NkflowError, ValueError):
    """A value that its type does not allow."""

    exit_code = 4
    default_code = "invalid-value"


class ScaleError(InvalidValueError):
    """Parameters outside the legal range of a scale."""

    default_code = "scale"


class GateError(InvalidValueError):
    """A boundary that encloses nothing or can't be evaluated."""

    default_code = "gate"


class UnitError(InvalidValueError):
    """Quantities that can't be combined, or a value outside its plausible range."""

    default_code = "unit"


class MissingExtraError(NkflowError):
    """An optional package is not installed; the message names the extra."""

    exit_code = 2
    default_code = "missing-extra"


class OutputError(NkflowError):
    """An output exists already, or can't be written."""

    exit_code = 2
    default_code = "output"


class IntegrityError(NkflowError):
    """A record, hash or signature does not hold."""

    exit_code = 6
    default_code = "integrity"
