"""``nkflow template explain``: what a template does with one tube, cut by cut and step by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nkflow.cli.output import echo_json, escape, force_option, json_option

if TYPE_CHECKING:
    from nkflow.fcs.sample import Sample
    from nkflow.gating.adaptive.explanation import Explanation
    from nkflow.gating.template import Template

__all__ = ["explain"]


@click.command()
@click.argument("name", metavar="NAME|PATH")
@click.argument("tube", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--file", "-f", type=click.Path(path_type=Path), help="The FCS file; the same as FILE.")
@click.option(
    "--population", "-p", multiple=True, help="Only the cuts that lead to this population; may be repeated."
)
@click.option(
    "--fmo",
    multiple=True,
    metavar="MARKER=FILE",
    help="An FMO control, or process-control=FILE; may be repeated.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the drawings as one HTML page."
)
@force_option
@json_option
def explain(
    name: str,
    tube: Path | None,
    file: Path | None,
    population: tuple[str, ...],
    fmo: tuple[str, ...],
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Say what a template does with a FILE, and why.

    For each cut that is found in the data: where it was looked for, the density, the candidates, the choice, the
    window, how clear it is and its standard error. Then the numbers that are fixed, and the program: columns,
    thresholds, scales, order. Without a FILE it says what the template will look for.

    \b
    Examples:
      nkflow template explain nk_release_7aad_adaptive
      nkflow template explain nk_release_7aad_adaptive A.fcs --fmo CD3=FMO-CD3.fcs --fmo CD56=FMO-CD56.fcs
      nkflow template explain lab.yaml A.fcs --population NK --out why.html
    """
    from nkflow.fcs.read import read_fcs
    from nkflow.gating.load import load_template

    if tube is not None and file is not None:
        raise click.UsageError("one FILE is explained; give it once")
    template, path = load_template(name), tube or file
    if path is None:
        if out is not None or population or fmo:
            raise click.UsageError("--out, --population and --fmo need a FILE")
        document = _planned(template)
        lines = list(map(_plan_line, document["cuts"])) or ["all its cuts are fixed"]
    else:
        sample = read_fcs(path)
        document, explanations = _explained(template, sample, population, _controls(fmo))
        lines = [line for each in explanations for line in each.lines]
        lines += ["program:", *(f"  {line}" for line in document["program"])]
        document["file"] = path.name
        if out is not None:
            _write(out, f"{template.name} on {path.name}", explanations, force=force)
    if as_json:
        echo_json(document)
        return
    for line in lines:
        click.echo(escape(line))


def _controls(fmo: Sequence[str]) -> dict[str, Sample]:
    from nkflow.fcs.read import read_fcs

    found = {}
    for text in fmo:
        marker, equals, path = text.partition("=")
        if not equals or not marker or not path:
            raise click.BadParameter(f"{text!r} is not MARKER=FILE", param_hint="--fmo")
        found[marker] = read_fcs(path)
    return found


def _head(template: Template) -> dict[str, Any]:
    return {
        "schema": "nkflow.explanation",
        "version": 1,
        "template": {"name": template.name, "version": template.version, "sha256": template.sha256},
    }


def _planned(template: Template) -> dict[str, Any]:
    cuts = [cut.model_dump(mode="json", exclude_defaults=True) for cut in template.document.cuts]
    return _head(template) | {"file": None, "cuts": cuts}


def _plan_line(cut: dict[str, Any]) -> str:
    low, high = cut["window"]
    sets = ", ".join(f"{population} ({number})" for population, number in cut["sets"].items())
    units = " (display units)" if cut.get("space") == "display" else ""
    other = f", else {cut['otherwise']['kind']}" if "otherwise" in cut else ""
    how = f"{cut['find']['kind']}{other} of {cut['channel']} in {cut['of']}"
    return f"{cut['name']}: {how}; window {low:g} to {high:g}{units}; sets {sets}"


def _explained(
    template: Template, sample: Sample, populations: Sequence[str], controls: dict[str, Sample]
) -> tuple[dict[str, Any], tuple[Explanation, ...]]:
    from nkflow.gating.adaptive.explanation import explain_all
    from nkflow.gating.compile import compile_program
    from nkflow.gating.run import gate

    gating = gate(sample, template, controls=controls or None, histograms=False)
    explanations = tuple(map(gating.explain, populations)) or (explain_all(gating),)
    document = _head(template) | {
        "file": "",
        "sha256": sample.sha256,
        "populations": [each.as_dict() for each in explanations],
        "program": list(compile_program(gating.binding).lines),
        "findings": [finding.as_dict() for finding in gating.findings],
    }
    return document, explanations


def _write(out: Path, title: str, explanations: Sequence[Explanation], *, force: bool) -> None:
    from nkflow.plots.sheet import sheet_html
    from nkflow.release.files import write_file

    parts = [(f"Cuts that lead to {each.population}", each.svgs(), each.lines) for each in explanations]
    write_file(out, sheet_html(title, parts).encode(), force=force)
