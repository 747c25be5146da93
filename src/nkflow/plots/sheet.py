"""Drawings with their texts as one self-contained HTML page: no script, no outside request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nkflow.plots.text import escaped

__all__ = ["sheet_html"]

_STYLE = (
    "body{font:15px/1.45 system-ui,'Liberation Sans',Arial,sans-serif;color:#1a1a1a;max-width:1180px;margin:2em auto;"
    "padding:0 1em}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}"
    ".drawings{display:flex;flex-wrap:wrap;gap:14px}svg{max-width:100%;height:auto}"
    "pre{background:#f6f6f4;padding:.8em;overflow:auto;font-size:12.5px;line-height:1.3}"
)


def sheet_html(
    title: str, parts: Iterable[tuple[str, Sequence[str], Sequence[str]]], *, lead: Sequence[str] = ()
) -> str:
    """Return the page.

    Parameters
    ----------
    title, lead
        Heading, and paragraphs below it; plain text.
    parts
        (heading, SVG elements of ours, lines of plain text) of each section.
    """
    body = [f"<h1>{escaped(title)}</h1>", *(f"<p>{escaped(line)}</p>" for line in lead)]
    for heading, drawings, lines in parts:
        body.append(f"<h2>{escaped(heading)}</h2>")
        if drawings:
            body.append(f'<div class="drawings">{"".join(drawings)}</div>')
        if lines:
            text = "\n".join(map(escaped, lines))
            body.append(f"<pre>{text}</pre>")
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(title)}</title><style>{_STYLE}</style></head>"
    )
    return head + "<body>" + "\n".join(body) + "</body></html>\n"
