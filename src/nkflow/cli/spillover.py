"""``nkflow spillover``: a matrix from single-stain controls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from nkflow.cli.output import echo_json, echo_table, escape, force_option, json_option, progress

if TYPE_CHECKING:
    from nkflow.controls.measured import MeasuredSpillover
    from nkflow.fcs.sample import Sample

__all__ = ["spillover"]

_SUFFIXES = {".fcs", ".lmd"}
_SHOWN = 14  # detectors in a terminal


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--controls", type=click.Path(path_type=Path, dir_okay=False),
    help="Which file is which control, written down: CSV with name and channel, or YAML.",
)  # fmt: skip
@click.option(
    "--method", type=click.Choice(["median", "regression"]), default="median", show_default=True,
    help="Positives against negatives, or a robust line through all events.",
)  # fmt: skip
@click.option("--no-refinement", is_flag=True, help="Leave out the iterations on compensated controls.")
@click.option(
    "--spectra", is_flag=True, help="Rows are dyes over many detectors: a spectral unmixing matrix."
)
@click.option("--out", type=click.Path(path_type=Path), help="Write this CSV, and JSON and SVG beside it.")
@click.option("--layout", type=click.Choice(["square", "diva"]), default="square", show_default=True)
@click.option(
    "--page", type=click.Path(path_type=Path, dir_okay=False),
    help="Draw each control against every other detector, before and after, on this HTML page.",
)  # fmt: skip
@force_option
@json_option
@click.pass_context
def spillover(
    ctx: click.Context,
    folder: Path,
    controls: Path | None,
    method: Literal["median", "regression"],
    no_refinement: bool,
    spectra: bool,
    out: Path | None,
    layout: Literal["square", "diva"],
    page: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Measure the spillover matrix from the single-stain controls in FOLDER.

    Which file is which control is found by marker, tube and file name, and then by brightness, and printed.

    \b
    Exit code 3: controls that can't be used, each named with what is wrong; 4: a mistake in --controls.
    Examples:
      nkflow spillover controls/ --out matrix.csv --page controls.html
      nkflow spillover controls/ --controls channels.csv --json
      nkflow spillover reference/ --spectra --out spectra.csv
    """
    from nkflow.controls.measure import spillover_from_controls
    from nkflow.controls.spectra import spectra_from_controls
    from nkflow.release.files import refuse_existing

    if spectra and page is not None:
        raise click.UsageError("--page draws compensated controls; with --spectra there are none")
    for path in (*(() if out is None else _outputs(out)), *(() if page is None else (page,))):
        refuse_existing(path, force=force)
    stains, unstained, decisions = _chosen(folder, controls, spectra=spectra, say=progress(ctx))
    if spectra:
        found = spectra_from_controls(stains, unstained=unstained)
    else:
        found = spillover_from_controls(stains, unstained=unstained, method=method, refined=not no_refinement)
    document = found.as_dict() | {"files": decisions, "coefficients": found.coefficients()}
    if out is not None:
        _write(out, found, document, layout=layout, force=force)
    if page is not None:
        _draw(page, found, stains, unstained=unstained, force=force)
    if as_json:
        echo_json(document)
        return
    _print(found, decisions)
    if out is not None:
        click.echo(f"\nwritten to {escape(str(out))}, with JSON and SVG beside it")


def _chosen(
    folder: Path, written: Path | None, *, spectra: bool, say: Callable[[str], None]
) -> tuple[dict[str, Sample], tuple[Sample, ...], list[dict[str, Any]]]:
    """Return the controls, the unstained samples, and what each file was taken for and why."""
    from nkflow.controls.identify import identify, identify_dyes
    from nkflow.controls.mapping import load_mapping
    from nkflow.fcs.read import read_fcs

    if written is not None:
        mapped = load_mapping(written, folder)
        reason = f"{written.name} says so"
        decisions = [_decided(path.name, "control", name, reason) for name, path in mapped.controls.items()]
        decisions += [_decided(path.name, "unstained", "", reason) for path in mapped.unstained]
        stains = {name: read_fcs(path) for name, path in mapped.controls.items()}
        return stains, tuple(map(read_fcs, mapped.unstained)), decisions
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    say(f"reading {len(paths)} files")
    found = (identify_dyes if spectra else identify)([read_fcs(path) for path in paths])
    decisions = [_decided(one.file, one.role, one.detector, one.reason) for one in found.decisions]
    return found.controls, found.unstained, decisions


def _decided(file: str, role: str, detector: str, reason: str) -> dict[str, str]:
    return {"file": file, "role": role, "detector": detector, "reason": reason}


def _write(
    out: Path,
    found: MeasuredSpillover,
    document: Mapping[str, Any],
    *,
    layout: Literal["square", "diva"],
    force: bool,
) -> None:
    """Write the matrix as CSV, and its document and its heat map beside it."""
    from nkflow.release.files import write_file

    text = json.dumps(document, indent=2, allow_nan=False) + "\n"
    contents = (found.to_csv(layout), text, found.svg())
    for path, content in zip(_outputs(out), contents, strict=True):
        write_file(path, content.encode(), force=force)


def _draw(
    page: Path,
    found: MeasuredSpillover,
    stains: Mapping[str, Sample],
    *,
    unstained: Sequence[Sample],
    force: bool,
) -> None:
    """Draw matrix, spreading, and each control against every other detector, on one page."""
    from nkflow.controls.picture import control_svgs
    from nkflow.controls.spreading import spreading
    from nkflow.fcs.panel import find
    from nkflow.plots.sheet import sheet_html
    from nkflow.release.files import write_file

    spread = spreading(found, stains, unstained=unstained)
    parts: list[tuple[str, Sequence[str], Sequence[str]]] = [
        ("Matrix", [found.svg(), spread.svg()], [finding.message for finding in found.findings])
    ]
    for key, sample in stains.items():
        detector = sample.channels[find(sample.channels, key).index].name
        drawn = control_svgs(found, detector, sample, unstained=unstained)
        parts.append((f"{detector}: {sample.name}, before and after", drawn, []))
    lead = [
        "The steps mark the medians of negatives and positives. After compensation they are at one height."
    ]
    write_file(page, sheet_html("Compensation controls", parts, lead=lead).encode(), force=force)


def _outputs(out: Path) -> tuple[Path, Path, Path]:
    return out, out.with_suffix(".json"), out.with_suffix(".svg")


def _print(found: MeasuredSpillover, decisions: Sequence[Mapping[str, Any]]) -> None:
    """Print what each file was taken for, how its row was measured, the matrix and the findings."""
    echo_table(
        ("file", "taken for", "because"),
        [(row["file"], row["detector"] or row["role"], row["reason"]) for row in decisions],
    )
    click.echo()
    echo_table(
        ("control", "positives", "negatives", "brightness SD", "from", "largest error"),
        [
            (
                report.detector, report.positives, report.negatives,
                "-" if report.brightness is None else f"{report.brightness:.0f}", report.estimate,
                f"{max(found.errors[row]):.4f}",
            )
            for report, row in zip(found.controls, found.rows_of_controls, strict=True)
        ],
    )  # fmt: skip
    click.echo()
    shown = found.detectors[:_SHOWN]
    measured = [
        (found.names[row], *(f"{v:.4f}" for v in found.matrix[row][:_SHOWN]))
        for row in found.rows_of_controls
    ]
    echo_table(("dye", *shown), measured)
    if len(found.detectors) > _SHOWN:
        click.echo(f"... and {len(found.detectors) - _SHOWN} more detectors (--out, --json)")
    click.echo(f"\ncondition number {found.condition:.3g}, SHA-256 {found.sha256}")
    for finding in found.findings:
        click.echo(f"{finding.severity}: {escape(finding.message)}; {escape(finding.consequence)}")
