"""Is this tube from the instrument and the settings that the fixed cuts were set on?"""

from __future__ import annotations

from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample
from nkflow.gating.template import Template

__all__ = ["compare_reference"]


def compare_reference(sample: Sample, template: Template) -> tuple[Finding, ...]:
    """Return a warning (``template-reference``) for what does not match; a release makes it an error."""
    reference = template.reference
    if reference is None:
        return ()
    findings = []
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
