"""``nkflow template convert`` and ``compare``: gates from and for other programs, and their counts beside ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nkflow.cli.output import echo_json, echo_table, escape, force_option, json_option
from nkflow.errors import InvalidValueError

if TYPE_CHECKING:
    from nkflow.exchange.compare import Comparison
    from nkflow.fcs.findings import Finding
    from nkflow.gating.template import Template

__all__ = ["compare", "convert"]


@click.command()
@click.argument("source", metavar="NAME|PATH")
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--sample", default="", help="Of a workspace: the sample whose gates are taken, by its FCS file name."
)
@click.option(
    "--file", "-f", type=click.Path(path_type=Path),
    help="The FCS file that it is written for: channels by their names, with the matrix that applies.",
)  # fmt: skip
@force_option
@json_option
def convert(source: str, target: Path, sample: str, file: Path | None, force: bool, as_json: bool) -> None:
    """Write a template as YAML, Gating-ML 2.0 (.xml) or a FlowJo workspace (.wsp); SOURCE is any of them.

    What could not be carried over is listed; nothing is dropped in silence.

    \b
    Examples:
      nkflow template convert lab.wsp gates.yaml --sample tube.fcs
      nkflow template convert nk_release_7aad gates.xml --file tube.fcs
    """
    from nkflow.cli.template_source import template_from
    from nkflow.exchange.imported import ImportedTemplate
    from nkflow.fcs.read import read_fcs

    tube = None if file is None else read_fcs(file)
    template = template_from(source, sample=tube, of=sample)
    findings = template.findings if isinstance(template, ImportedTemplate) else ()
    if target.suffix.lower() in (".yaml", ".yml"):
        from nkflow.release.files import write_file

        written = write_file(target, template.to_yaml().encode(), force=force)
    elif target.suffix.lower() in (".xml", ".gml"):
        from nkflow.exchange.gatingml_write import write_gatingml

        written = write_gatingml(target, template, sample=tube, force=force)
    elif target.suffix.lower() == ".wsp":
        from nkflow.exchange.flowjo_write import write_flowjo

        written = write_flowjo(target, template, sample=tube, force=force)
    else:
        raise InvalidValueError(
            "a template is written in a format that the file's name tells",
            where=str(target), found=target.suffix or "no ending", expected=".yaml, .xml, .wsp",
        )  # fmt: skip
    _say_converted(template, written, findings, as_json=as_json)


def _say_converted(template: Template, written: Path, findings: Iterable[Finding], *, as_json: bool) -> None:
    if as_json:
        found = [finding.as_dict() for finding in findings]
        document = {"schema": "nkflow.converted", "version": 1, "written": written.name, "findings": found}
        echo_json(document | {"populations": [node.path for node in template.tree.nodes]})
        return
    for finding in findings:
        click.echo(
            f"{finding.severity}: {escape(finding.message)}; {escape(finding.consequence)}".rstrip("; ")
        )
    click.echo(f"{len(template.tree.nodes)} populations written to {escape(str(written))}")


@click.command()
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="FILE|FOLDER...")
@click.option(
    "--leave-out-gates", is_flag=True, help="Leave out gates that can't be carried over, and list them."
)
@json_option
def compare(workspace: Path, files: tuple[Path, ...], leave_out_gates: bool, as_json: bool) -> None:
    """Set FlowJo's counts in WORKSPACE beside ours, population by population, for the FCS FILES it knows.

    A difference is 'grid' where FlowJo's grid of 256 steps gives exactly its count, 'border' where as many events lie
    on a border as differ, else 'unexplained'. Differences leave the exit code at 0; --json says if all are explained.

    \b
    Example:
      nkflow template compare lab.wsp fcs/
    """
    from nkflow.exchange.compare import compare_counts
    from nkflow.exchange.flowjo import LEAVE_OUT, read_flowjo
    from nkflow.fcs.read import read_fcs

    allow = (LEAVE_OUT,) if leave_out_gates else ()
    exact, on_grid = (read_flowjo(workspace, flowjo_binned=binned, allow=allow) for binned in (False, True))
    found: list[Comparison] = []
    unknown: list[str] = []
    for path in _paths(files):
        sample = read_fcs(path)
        name = next((n for n in (sample.keywords.get("$FIL", ""), path.name) if n in exact.names), None)
        if name is None:
            unknown.append(path.name)
            continue
        found.append(compare_counts(sample, exact[name], on_grid=on_grid[name]))
    if not found:
        raise InvalidValueError(
            "the workspace knows none of these files", where=workspace.name,
            found=", ".join(unknown[:10]) or "no FCS file", expected=", ".join(list(exact)[:20])[:500],
        )  # fmt: skip
    findings = [*exact.findings, *(f for one in exact.values() for f in one.findings)]
    findings += [f for one in found for f in one.findings]
    if as_json:
        _echo_document(workspace, found, findings, unknown)
    else:
        _print(found, findings, unknown)


def _paths(files: Iterable[Path]) -> Iterator[Path]:
    from nkflow.gating.tubes import tubes_in

    for path in files:
        yield from tubes_in(path) if path.is_dir() else (path,)


def _echo_document(
    workspace: Path, found: list[Comparison], findings: list[Finding], unknown: list[str]
) -> None:
    echo_json(
        {
            "schema": "nkflow.compare",
            "version": 1,
            "workspace": workspace.name,
            "explained": all(one.explained for one in found),
            "samples": [one.as_dict() for one in found],
            "not_in_workspace": unknown,
            "findings": [finding.as_dict() for finding in findings],
        }
    )


def _print(found: list[Comparison], findings: list[Finding], unknown: list[str]) -> None:
    for one in found:
        click.echo(f"{escape(one.sample)}")
        rows = [
            (
                row.population,
                "-" if row.theirs is None else f"{row.theirs:,}",
                f"{row.ours:,}",
                "-" if row.difference is None else f"{row.difference:+,}",
                row.verdict,
                "" if row.verdict in ("same", "no count") else ", ".join(map(str, row.first[:8])),
            )
            for row in one.rows
        ]
        echo_table(("population", "theirs", "ours", "difference", "because", "events on the border"), rows)
        click.echo()
    for finding in findings:
        click.echo(
            f"{finding.severity}: {escape(finding.message)}; {escape(finding.consequence)}".rstrip("; ")
        )
    for name in unknown:
        click.echo(f"not in the workspace: {escape(name)}", err=True)
