"""``nkflow template``: look at gating templates."""

from __future__ import annotations

from pathlib import Path

import click

from nkflow.cli.output import echo_json, echo_table, escape, json_option

__all__ = ["template"]


@click.group()
def template() -> None:
    """Look at gating templates: the shipped ones, and what one would do with a file."""


@template.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the shipped templates."""
    from nkflow.gating.load import load_template, templates

    rows = [
        (name, load_template(name).version, load_template(name).document.description) for name in templates()
    ]
    if as_json:
        listed = [{"name": name, "version": version, "description": text} for name, version, text in rows]
        echo_json({"schema": "nkflow.templates", "version": 1, "templates": listed})
    else:
        echo_table(("name", "version", "what it gates"), rows)


@template.command()
@click.argument("name", metavar="NAME|PATH")
def show(name: str) -> None:
    """Print a template as YAML."""
    from nkflow.gating.load import load_template

    click.echo(load_template(name).to_yaml(), nl=False)


@template.command()
@click.argument("name", metavar="NAME|PATH")
@click.option(
    "--file", "-f", type=click.Path(path_type=Path), required=True, help="The FCS file to bind it to."
)
@json_option
def explain(name: str, file: Path, as_json: bool) -> None:
    """Print the program that a template becomes for a FILE: columns, thresholds, scales, order."""
    from nkflow.fcs.read import read_fcs
    from nkflow.gating.load import load_template
    from nkflow.gating.run import explain as explain_program

    explanation = explain_program(read_fcs(file), load_template(name))
    if as_json:
        echo_json({"schema": "nkflow.program", "version": 1, "template": name, "program": list(explanation)})
    else:
        for line in explanation:
            click.echo(escape(line))
