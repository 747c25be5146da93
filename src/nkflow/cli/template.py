"""``nkflow template``: look at gating templates, explain one, make one your own."""

from __future__ import annotations

import click

from nkflow.cli.output import echo_json, echo_table, json_option
from nkflow.cli.template_adopt import adopt
from nkflow.cli.template_convert import compare, convert
from nkflow.cli.template_explain import explain

__all__ = ["template"]


@click.group()
def template() -> None:
    """Look at gating templates, see why one cuts where it cuts, make one your own."""


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
@json_option
def show(name: str, as_json: bool) -> None:
    """Print a template as YAML, all its fields checked.

    \b
    Examples:
      nkflow template show nk_release_7aad > mine.yaml
      nkflow template show mine.yaml --json
    """
    from nkflow.cli.template_source import template_from

    found = template_from(name)
    if as_json:
        document = found.document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        head = {"schema": "nkflow.template", "version": 1, "sha256": found.sha256}
        echo_json(head | {"template": document, "populations": list(found.tree.keys)})
    else:
        click.echo(found.to_yaml(), nl=False)


template.add_command(explain)
template.add_command(convert)
template.add_command(compare)
template.add_command(adopt)
