"""``nkflow gate``: the populations of one tube."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nkflow.cli.gate_files import ALWAYS, FORMATS, SOMETIMES, write_gated
from nkflow.cli.output import echo_json, echo_table, escape, force_option, json_option, threads_option

if TYPE_CHECKING:
    from nkflow.acquisition.quality import Quality
    from nkflow.gating.result import Gating

__all__ = ["gate"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--template", "-t", required=True, metavar="NAME|PATH",
    help="A shipped template, a YAML file, Gating-ML (.xml) or a FlowJo workspace (.wsp) that knows the file.",
)  # fmt: skip
@click.option(
    "--spillover", type=click.Path(path_type=Path), help="A matrix as CSV instead of the file's own."
)
@click.option("--data-set", type=click.IntRange(0), default=None, help="Which data set of the file, from 0.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write counts, table and plots here."
)
@click.option(
    "--events",
    multiple=True,
    type=click.Choice(FORMATS),
    help="With --out: write the events too; may be repeated.",
)
@click.option(
    "--population", default="root", metavar="NAME", help="With --events: whose events.  [default: all]"
)
@click.option("--cross-check", is_flag=True, help="Gate with FlowKit too, and compare event for event.")
@threads_option
@force_option
@json_option
def gate(
    file: Path,
    template: str,
    spillover: Path | None,
    data_set: int | None,
    out: Path | None,
    events: tuple[str, ...],
    population: str,
    cross_check: bool,
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
      nkflow gate tube.fcs -t lab.wsp --out gated --events parquet --population NK --cross-check
    """
    from nkflow.acquisition.check import check_acquisition
    from nkflow.cli.template_source import template_from
    from nkflow.compensation import Spillover
    from nkflow.fcs.read import read_fcs
    from nkflow.gating.run import gate as gate_sample
    from nkflow.release.files import refuse_existing

    if events and out is None:
        raise click.UsageError("--events needs --out, the folder to write them to")
    if out is not None:
        refuse_existing(out, force=force, names=ALWAYS, sometimes=SOMETIMES)
    sample = read_fcs(file, data_set=data_set)
    plan = template_from(template, sample=sample)
    matrix = None if spillover is None else Spillover.from_csv(spillover)
    with sample.hashed_meanwhile():  # for the document
        gating = gate_sample(sample, plan, spillover=matrix, threads=threads)
        quality = check_acquisition(sample, plan.acquisition)
    document = _document(file, gating, quality)
    second = None
    if cross_check:
        from nkflow.exchange.second_engine import cross_check as compare

        second = compare(sample, gating, keep=quality.mask)
        document["second_engine"] = second.as_dict()
    if out is not None:
        write_gated(out, document, gating, quality, events=(population, events), force=force)
    if as_json:
        echo_json(document)
    else:
        _print(gating, quality, document["kept"])
        if second is not None:
            click.echo(f"second engine: {escape(second.summary())}")
        if out is not None:
            click.echo(f"\nwritten to {escape(str(out))}")
    if second is not None and not second.explained:
        click.get_current_context().exit(5)


def _document(file: Path, gating: Gating, quality: Quality) -> dict[str, Any]:
    from nkflow.counting.kept import kept_counts

    found = getattr(gating.template, "findings", ())  # of an imported one; its room is slow to import
    return {
        "schema": "nkflow.gate",
        "version": 1,
        "file": file.name,
        "sha256": gating.sample.sha256,
        **gating.as_dict(),
        "counts": dict(gating.counts),
        "populations": list(gating.rows()),
        "acquisition": quality.as_dict(),
        "kept": dict(kept_counts(gating, quality)),
        "template_findings": [finding.as_dict() for finding in found],
    }


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
    click.echo(f"compensation: {gating.fitness.summary()}")
    for finding in (*gating.findings, *quality.findings):
        click.echo(f"{finding.severity}: {escape(finding.message)} {escape(finding.consequence)}".rstrip())
