"""The template: a `Page` becomes one HTML file without a script and without an outside request."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from jinja2 import Template as Paper
from markupsafe import Markup

from nkflow.plots.text import visible
from nkflow.release.page.model import Page
from nkflow.release.page.wording import wording

__all__ = ["typeset"]

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


def typeset(page: Page) -> str:
    """Return `page` as HTML: every text made visible and escaped, drawings as they stand."""
    return _paper().render(page=page, css=Markup(_read("page.css")), running_foot=_running_foot(page))


def _running_foot(page: Page) -> Markup:
    """Return the rule that prints lot, verdict and record at the foot of every sheet.

    A style sheet has no escaping that a name could not break, so only letters, digits and ``. _ -`` get in.
    """
    words = ("Lot", page.lot[:60], page.words.slug.upper(), "record", page.record_sha256[:16])
    line = " ".join(_NOT_PLAIN.sub("_", word) for word in words)
    return Markup(f'@page {{ @bottom-left {{ content: "{line}"; font: 8pt sans-serif; }} }}')


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
