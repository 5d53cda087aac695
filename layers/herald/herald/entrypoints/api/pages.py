"""Pages: what a browser gets. A page lies in parts, and is sent as one answer that may run nothing but its own."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from herald.entrypoints.gateway import Response

_STYLE = re.compile(r'<link rel="stylesheet" href="([\w.-]+)">\n')
_SCRIPTS = re.compile(r'(?:<script src="[\w.-]+"></script>\n)+')
_SCRIPT = re.compile(r'<script src="([\w.-]+)"></script>')


class Page(NamedTuple):
    """A page in one text, and the Content-Security-Policy that lets exactly this run."""

    text: str
    policy: str


def contract(folder: Path) -> Response:
    """The contract in ``folder``, OpenAPI 3.1."""
    return Response(200, (folder / "openapi.json").read_text(encoding="utf-8"))


def page(folder: Path) -> Response:
    """The page with the form, whose parts lie in ``folder/pages``."""
    text, policy = joined(folder / "pages", "page.html")
    return Response(200, text, {"Content-Security-Policy": policy}, "text/html; charset=utf-8")


@cache
def joined(folder: Path, name: str) -> Page:
    """A page whose style sheet and scripts stand in it, in their order, instead of links to them."""

    def read(part: str) -> str:
        return (folder / part).read_text(encoding="utf-8")

    text = _STYLE.sub(lambda link: f"<style>\n{read(link[1])}</style>\n", read(name))
    text = _SCRIPTS.sub(lambda links: f"<script>\n{''.join(map(read, _SCRIPT.findall(links[0])))}</script>\n", text)
    policy = (
        f"default-src 'none'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'none'; script-src {_source(text, 'script')}; style-src {_source(text, 'style')}"
    )
    return Page(text, policy)


def _source(page: str, tag: str) -> str:
    """The hash of the page's one inline script or style, as a Content-Security-Policy names it."""
    inner = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()}'"
