"""Templates by name (those that come with nkflow) or by path."""

from __future__ import annotations

import os
from pathlib import Path

from nkflow.documents import load, parse, shipped
from nkflow.errors import TemplateError
from nkflow.gating.document import TemplateDocument
from nkflow.gating.template import Template

__all__ = ["load_template", "parse_template", "templates"]


def templates() -> tuple[str, ...]:
    """Return the names of the templates that come with nkflow."""
    return tuple(sorted(path.stem for path in shipped("gating_templates").glob("*.yaml")))


def load_template(name_or_path: str | os.PathLike[str]) -> Template:
    """Return a template that comes with nkflow, or the one in a YAML file.

    Text without a folder and without a suffix is a name; all else is a path.

    Raises
    ------
    TemplateError
        With every mistake of the document (file, line, path, found, expected), or the names there are.
    """
    path = Path(name_or_path)
    if isinstance(name_or_path, str) and path.name == name_or_path and path.suffix.lower() not in _SUFFIXES:
        if name_or_path not in templates():
            raise TemplateError(
                f"no template '{name_or_path}' comes with nkflow",
                next_step=f"There are {', '.join(templates()) or 'none'}; a path ends in .yaml.",
            )
        path = shipped("gating_templates") / f"{name_or_path}.yaml"
    return Template(load(path, TemplateDocument, error=TemplateError))


def parse_template(text: str, *, name: str = "template") -> Template:
    """Return the template in YAML `text`; `name` stands for the file in messages."""
    return Template(parse(text, TemplateDocument, name=name, error=TemplateError))


_SUFFIXES = (".yaml", ".yml", ".json")
