"""The template: a `Page` becomes one HTML file without a script and without an outside request."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from jinja2 import Template as Paper
from markupsafe import Markup

from nkflow.plots.text import visible
from nkflow.release.page.model import Page
from nkflow.release.page.wording import wording

__all__ = ["typeset"]


def typeset(page: Page) -> str:
    """Return `page` as HTML: every text made visible and escaped, drawings as they stand."""
    return _paper().render(page=page, css=Markup(_read("page.css")))


@cache
def _paper() -> Paper:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["slug"] = lambda word: wording(word).slug
    environment.filters["as_it_stands"] = Markup
    return environment.from_string(_read("page.html.j2"))


def _shown(value: object) -> object:
    """Make what a name may hide visible: no text reaches the page with a bidirectional control in it."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)


def _read(name: str) -> str:
    return files("nkflow.release.page").joinpath(name).read_text(encoding="utf-8")
