"""What each verdict means in plain words, and what a person does next."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SEVERITIES", "VERDICTS", "Wording", "wording"]


@dataclass(frozen=True)
class Wording:
    """One verdict for people.

    Attributes
    ----------
    slug
        Name of its style and of its symbol; the style differs in shape and pattern, not only in colour.
    meaning
        One sentence.
    next_step
        What the reader does with the page.
    volume
        How the volume may be read under this verdict. Only a PASS calls it a volume to infuse.
    """

    slug: str
    meaning: str
    next_step: str
    volume: str


VERDICTS = {
    "PASS": Wording(
        "pass",
        "Every limit of the protocol is met.",
        "Review the findings, then sign. Nothing is released before a person has signed.",
        "Volume to infuse, once signed",
    ),
    "PENDING": Wording(
        "pending",
        "No limit is broken, but a result that the protocol demands is still awaited.",
        "Wait for the result and run the release again; this page can't be signed as an approval.",
        "Volume, once the awaited result is in",
    ),
    "INCONCLUSIVE": Wording(
        "inconclusive",
        "The measurement is not sure enough to tell on which side of a limit the product lies.",
        "A reviewer decides, with a reason, or acquires more events by the rule set beforehand.",
        "Volume computed; undecided",
    ),
    "FAIL": Wording(
        "fail",
        "At least one limit of the protocol is not met.",
        "Do not infuse on this page. Investigate before anything is measured again.",
        "Volume computed; not to be infused",
    ),
    "INVALID": Wording(
        "invalid",
        "There is no valid measurement; the numbers below, if any, decide nothing.",
        "Do not infuse on this page. Find the cause and measure again, or a person decides, with a reason.",
        "Volume; not valid",
    ),
}
SEVERITIES = {"info": "note", "warning": "warning", "error": "error"}
_UNKNOWN = Wording(
    "invalid",
    "The record holds a verdict that this page does not know; treat it as INVALID.",
    "Do not infuse on this page.",
    "Volume; not valid",
)


def wording(verdict: object) -> Wording:
    """Return the words for `verdict`; a word that is none of the five is treated as INVALID."""
    return VERDICTS.get(str(verdict), _UNKNOWN)
