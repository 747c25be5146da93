"""Make a shipped template a laboratory's own: from its tubes to a draft."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nkflow.compensation import Spillover
from nkflow.controls.identify import identify
from nkflow.controls.measure import spillover_from_controls
from nkflow.errors import GatingError, InvalidValueError, NkflowError
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample
from nkflow.gating.adaptive.controls import PROCESS
from nkflow.gating.bind import bind
from nkflow.gating.load import load_template
from nkflow.gating.template import Template
from nkflow.laboratory.adoption.adopted import AdoptedCut, Adoption
from nkflow.laboratory.adoption.instrument import differing, instrument_of, settings_of
from nkflow.laboratory.adoption.own_cut import own_cut
from nkflow.laboratory.adoption.own_tubes import OwnTube, own_tubes
from nkflow.laboratory.adoption.rebase import with_matrix, with_names, with_own_cuts, with_own_scales
from nkflow.laboratory.adoption.remarks import remarks, unproven, unreadable
from nkflow.laboratory.adoption.search import FoundIn, searched

__all__ = ["TOLERANCES", "adopt"]

TOLERANCES = ("few-tubes", "mixed-instruments", "mixed-settings")


def _silent(_: str) -> None:
    """Say nothing."""


def adopt(
    template: str | Path,
    folder: str | Path,
    *,
    name: str = "lab",
    names: Mapping[str, str] | None = None,
    allow: Collection[str] = (),
    progress: Callable[[str], None] = _silent,
) -> Adoption:
    """Return a draft of `template` re-based on the tubes below `folder`.

    The matrix comes from the single stains there (else from the files, as the template says), voltages and the
    instrument from the files, names of markers as they are found, cuts from FMOs and the sample tubes, windows from
    the spread of the cuts (`nkflow.laboratory.adoption.windows`), and what proves that a tube was stained
    (`nkflow.laboratory.adoption.own_shift`).

    Parameters
    ----------
    template
        Name or path of an adaptive template.
    folder
        Tubes of one instrument with one setting; their roles by ``lot.yaml`` or by their names
        (`nkflow.laboratory.adoption.own_tubes`).
    name
        Of the draft.
    names
        Marker -> how the laboratory calls it (``$PnN`` or ``$PnS``), where it can't be told.
    allow
        Named tolerances, which become warnings: ``few-tubes`` (fewer than ten), ``mixed-instruments``,
        ``mixed-settings``.

    Raises
    ------
    GatingError
        ``adoption``: what stands in the way, all of it, by the names of the tubes.
    InvalidValueError
        The template has no cuts to find; an unknown tolerance; no FCS file.
    """
    before = load_template(template)
    _check(before, allow)
    tubes = own_tubes(Path(folder), tuple(before.panel))
    progress(f"{len(tubes)} files: {_roles(tubes)}")
    samples = [tube for tube in tubes if tube.role == "sample" and tube.sample is not None]
    if not samples:
        raise GatingError(
            "no sample tube can be read", code="adoption", where=str(folder), found=_roles(tubes)
        )
    found: list[Finding] = list(unreadable(tubes))
    matrix, said = _matrix(tubes)
    found += said
    own = _based(before, samples, matrix, names or {})
    channels = _channels(own.template, samples)
    found += differing([tube for tube in tubes if tube.sample is not None], channels)
    looked, wider = searched(own.template, _with_fmos(samples, tubes), progress=progress)
    cuts = tuple(
        own_cut(before, own.template, index, tubes=looked, wider=wider)
        for index in range(len(before.document.cuts))
    )
    found += (*own.findings, *remarks(looked, cuts), *unproven(before, cuts))
    _refuse(found, allow)
    used = [tube.sample for tube in looked if tube.resolution is not None]
    draft = _draft(with_own_cuts(own.template, cuts), before, used, channels, name=name, cuts=cuts)
    source = "the files' own matrices" if matrix is None else f"matrix from {len(matrix[1])} single stains"
    return Adoption(before, draft, tubes, looked, cuts, source, tuple(_lowered(found, allow)))


@dataclass(frozen=True, eq=False)
class _Based:
    template: Template
    findings: tuple[Finding, ...]


def _check(template: Template, allow: Collection[str]) -> None:
    if not template.is_adaptive:
        raise InvalidValueError(
            "the template has no cuts to find", where=template.name, expected="an adaptive template",
            next_step="Adopt nk_release_7aad_adaptive, or write the section 'cuts'.",
        )  # fmt: skip
    unknown = sorted(set(allow) - set(TOLERANCES))
    if unknown:
        raise InvalidValueError("no such tolerance", found=", ".join(unknown), expected=", ".join(TOLERANCES))


def _roles(tubes: Sequence[OwnTube]) -> str:
    roles = [tube.role for tube in tubes]
    return ", ".join(f"{roles.count(role)} {role}" for role in dict.fromkeys(roles))


def _matrix(
    tubes: Sequence[OwnTube],
) -> tuple[tuple[Spillover, tuple[str, ...]] | None, list[Finding]]:
    """Return the matrix from single stains with their names; None without any."""
    every = [tube for tube in tubes if tube.role == "single-stain" and tube.sample is not None]
    if not every:
        text = "there are no single stains: the draft takes the matrix as the shipped template does"
        return None, [
            Finding("no-single-stains", "warning", text, "", "a wrong matrix in the files stays wrong")
        ]
    groups = [tube.group for tube in every]
    group = max(dict.fromkeys(groups), key=lambda name: (groups.count(name), name))
    stains = [tube for tube in every if tube.group == group]
    said = []
    if len(stains) < len(every):
        text = f"there are single stains of {len(set(groups))} lots; the matrix is that of {group}"
        said.append(Finding("several-single-stains", "info", text, group, "the others are not used"))
    dark = _unstained(tubes, group)
    controls = {tube.marker: tube.sample for tube in stains if tube.marker and tube.sample}
    if len(controls) < len(stains):
        controls = identify([tube.sample for tube in stains if tube.sample is not None]).controls
    measured = spillover_from_controls(controls, unstained=dark or None)
    return (measured, tuple(tube.name for tube in stains)), [*said, *measured.findings]


def _unstained(tubes: Sequence[OwnTube], group: str) -> list[Sample]:
    """Return the unstained tubes that stand with the single stains; without one there, all of them."""
    dark = [tube for tube in tubes if tube.role == "unstained" and tube.sample is not None]
    near = [tube for tube in dark if tube.group == group] or dark
    return [tube.sample for tube in near if tube.sample is not None]


def _based(
    before: Template,
    samples: Sequence[OwnTube],
    matrix: tuple[Spillover, tuple[str, ...]] | None,
    names: Mapping[str, str],
) -> _Based:
    """Return the template with names, matrix and scales of the laboratory, without its old reference."""
    document = before.document.model_copy(update={"reference": None})
    unknown = sorted(set(names) - set(before.panel))
    if unknown:
        raise InvalidValueError("no such marker", found=", ".join(unknown), expected=", ".join(before.panel))
    read = [tube.sample for tube in samples if tube.sample is not None]
    template = with_names(Template(document), read[0], names)
    if matrix is not None:
        template = with_matrix(template, matrix[0])
    good = [sample for sample in read if _binds(template, sample)]
    if not good:
        bind(read[0], template)  # says what is missing, with what there is
    template, changed = with_own_scales(template, good)
    text = f"scales take their top from the files' ranges: {', '.join(changed)}"
    odd = (
        (Finding("scale-top", "info", text, "", "windows and cuts are this instrument's"),) if changed else ()
    )
    return _Based(template, odd)


def _binds(template: Template, sample: Sample) -> bool:
    try:
        bind(sample, template)
    except NkflowError:
        return False
    return True


def _channels(template: Template, samples: Sequence[OwnTube]) -> tuple[str, ...]:
    """Return ``$PnN`` of the channels that the template reads."""
    for tube in samples:
        if tube.sample is not None and _binds(template, tube.sample):
            binding = bind(tube.sample, template)
            return tuple(dict.fromkeys(binding.channels[column].name for column in binding.columns.values()))
    return ()


def _with_fmos(samples: Sequence[OwnTube], tubes: Sequence[OwnTube]) -> list[FoundIn]:
    """Return the sample tubes, each with the FMOs of its lot or folder; else with the only one of a marker there is.

    The process controls of its lot or folder stand beside them, under their role.
    """
    fmos = [tube for tube in tubes if tube.role == "fmo" and tube.marker and tube.sample is not None]
    every: dict[str, list[Sample]] = {}
    for tube in fmos:
        if tube.marker and tube.sample is not None:
            every.setdefault(tube.marker, []).append(tube.sample)
    only = {marker: same[0] for marker, same in every.items() if len(same) == 1}
    found = []
    for tube in samples:
        own = {
            fmo.marker: fmo.sample for fmo in fmos if fmo.group == tube.group and fmo.marker and fmo.sample
        }
        own |= {
            f"{PROCESS} {other.name}": other.sample
            for other in tubes
            if other.role == PROCESS and other.group == tube.group and other.sample
        }
        if tube.sample is not None:
            found.append(FoundIn(tube.name, tube.group, tube.sample, only | own))
    return found


def _refuse(found: Sequence[Finding], allow: Collection[str]) -> None:
    errors = [finding for finding in found if finding.severity == "error" and finding.code not in allow]
    if errors:
        raise GatingError(
            "the template can't be adopted from these tubes", code="adoption",
            found="; ".join(finding.message for finding in errors),
            next_step=f"Sort the tubes out, or say --allow {errors[0].code}."
            if errors[0].code in TOLERANCES else "Sort the tubes out.",
        )  # fmt: skip


def _lowered(found: Sequence[Finding], allow: Collection[str]) -> Iterator[Finding]:
    for finding in dict.fromkeys(found):
        allowed = finding.severity == "error" and finding.code in allow
        yield Finding(
            finding.code, "warning" if allowed else finding.severity, finding.message, finding.where,
            f"{finding.consequence}; allowed by name" if allowed else finding.consequence,
        )  # fmt: skip


def _draft(
    template: Template,
    before: Template,
    samples: Sequence[Sample],
    channels: Sequence[str],
    *,
    name: str,
    cuts: Sequence[AdoptedCut],
) -> Template:
    document = template.document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    ns = [cut.own.n for cut in cuts if cut.own is not None]
    document |= {
        "name": name,
        "version": f"{before.version}-draft",
        "draft": True,
        "description": f"{before.document.description or before.name}; adopted from {before.name} {before.version}",
        "reference": {
            "instrument": samples[0].cytometer.strip(),
            "settings": settings_of(samples, channels),
            "set_on": f"{len(samples)} sample tubes of {instrument_of(samples[0])}, {min(ns, default=0)} to "
            f"{max(ns, default=0)} a cut; windows hold 99 % of tubes with 95 % confidence (Howe 1969)",
        },
    }
    return template.changed(document)
