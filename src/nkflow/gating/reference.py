"""Is this tube from the instrument and the settings that the fixed cuts were set on?"""

from __future__ import annotations

from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample
from nkflow.gating.template import Template

__all__ = ["compare_reference"]


def compare_reference(sample: Sample, template: Template) -> tuple[Finding, ...]:
    """Return a warning for what does not match (``template-reference``) and for a draft.

    A release makes errors of both.
    """
    reference = template.reference
    findings = [_draft(template)] if template.document.draft else []
    if reference is None:
        return tuple(findings)
    if reference.instrument and reference.instrument.strip() != sample.cytometer.strip():
        findings.append(
            _finding(
                f"the cuts of {template.name} were set on '{reference.instrument}', the tube is from "
                f"'{sample.cytometer or 'an unnamed instrument'}'",
                "$CYT",
            )
        )
    for keyword, expected in reference.settings.items():
        found = sample.keywords.get(keyword.upper())
        if found is None or not _same(found, expected):
            text = (
                f"{keyword} is {found if found is not None else 'missing'}, the cuts were set at {expected}"
            )
            findings.append(_finding(text, keyword))
    return tuple(findings)


def _draft(template: Template) -> Finding:
    text = f"{template.name} is a draft: nobody has validated its windows yet"
    return Finding("template-draft", "warning", text, template.name, "a release with it is INVALID")


def _finding(message: str, where: str) -> Finding:
    return Finding(
        "template-reference", "warning", message, where, "fixed cuts may fall beside the populations"
    )


def _same(found: str, expected: str | float) -> bool:
    """Compare as numbers where both are numbers, else as text."""
    try:
        return float(found) == float(expected)
    except ValueError:
        return found.strip() == str(expected).strip()
