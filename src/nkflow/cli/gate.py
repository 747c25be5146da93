"""``nkflow gate``: the populations of one tube."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nkflow.cli.output import echo_json, echo_table, escape, force_option, json_option, threads_option

if TYPE_CHECKING:
    from nkflow.acquisition.quality import Quality
    from nkflow.gating.result import Gating

__all__ = ["gate"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--template", "-t", required=True, metavar="NAME|PATH", help="A shipped template, or a YAML file."
)
@click.option(
    "--spillover", type=click.Path(path_type=Path), help="A matrix as CSV instead of the file's own."
)
@click.option("--data-set", type=click.IntRange(0), default=None, help="Which data set of the file, from 0.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write counts, table and plots here."
)
@threads_option
@force_option
@json_option
def gate(
    file: Path,
    template: str,
    spillover: Path | None,
    data_set: int | None,
    out: Path | None,
    threads: int | None,
    force: bool,
    as_json: bool,
) -> None:
    """Gate one FILE with a template and print its populations, and whether the run was steady.

    Nothing is left out of the counts; 'kept' is what acquisition QC would leave, cells and beads alike.

    \b
    Examples:
      nkflow gate tube.fcs --template nk_release_7aad
      nkflow gate tube.fcs -t mine.yaml --spillover matrix.csv --out gated --json
    """
    from nkflow.acquisition.check import check_acquisition
    from nkflow.compensation import Spillover
    from nkflow.counting.kept import kept_counts
    from nkflow.fcs.read import read_fcs
    from nkflow.gating.load import load_template
    from nkflow.gating.run import gate as gate_sample
    from nkflow.release.files import refuse_existing

    if out is not None:
        refuse_existing(out, force=force)
    plan = load_template(template)
    sample = read_fcs(file, data_set=data_set)
    matrix = None if spillover is None else Spillover.from_csv(spillover)
    gating = gate_sample(sample, plan, spillover=matrix, threads=threads)
    quality = check_acquisition(sample, plan.acquisition)
    document: dict[str, Any] = {
        "schema": "nkflow.gate",
        "version": 1,
        "file": file.name,
        "sha256": sample.sha256,
        **gating.as_dict(),
        "counts": dict(gating.counts),
        "populations": list(gating.rows()),
        "acquisition": quality.as_dict(),
        "kept": dict(kept_counts(gating, quality)),
    }
    if out is not None:
        _write(out, document, gating, quality, force=force)
    if as_json:
        echo_json(document)
        return
    _print(gating, quality, document["kept"])
    if out is not None:
        click.echo(f"\nwritten to {escape(str(out))}")


def _write(out: Path, document: dict[str, Any], gating: Gating, quality: Quality, *, force: bool) -> None:
    """Write the counts as JSON and CSV, and every drawn gate and the run over time as SVG."""
    from nkflow.release.drawing import drawings
    from nkflow.release.files import write_folder

    files = {
        "gating.json": (json.dumps(document, indent=2, allow_nan=False) + "\n").encode(),
        "populations.csv": gating.table().to_csv(index=False).encode(),
    }
    for number, svg in enumerate(drawings(gating), start=1):
        files[f"plots/{number:02d}.svg"] = svg.encode()
    if quality.timeline is not None:
        files["plots/acquisition.svg"] = quality.svg().encode()
    write_folder(out, files, force=force)


def _print(gating: Gating, quality: Quality, kept: dict[str, int]) -> None:
    """Print the table of populations, what acquisition QC says, and the findings."""
    cut = quality.removed_events > 0
    rows = [
        (
            row["population"],
            "-" if row["count"] is None else f"{row['count']:,}",
            *((f"{kept[row['population']]:,}" if row["population"] in kept else "-",) if cut else ()),
            row["of"],
            row["note"] if row["frequency"] is None else f"{100 * row['frequency']:.2f} %",
        )
        for row in gating.rows()
    ]
    echo_table(("population", "events", *(("kept",) if cut else ()), "of", "frequency"), rows)
    click.echo(f"\nacquisition: {escape(quality.summary)}")
    for finding in (*gating.findings, *quality.findings):
        click.echo(f"{finding.severity}: {escape(finding.message)} {escape(finding.consequence)}".rstrip())
