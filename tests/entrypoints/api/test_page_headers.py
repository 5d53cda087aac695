"""The page may run its own script and style, and nothing else; nobody may frame it."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from herald.entrypoints.api.pages import joined
from herald.entrypoints.api.routes import Https
from tests.entrypoints.conftest import ROOT, Caller, an_outbox

PARTS = ROOT / "functions" / "api" / "pages"
PAGE = joined(PARTS, "page.html").text


def policy(caller: Caller) -> dict[str, str]:
    """The directives of the Content-Security-Policy."""
    header = caller("GET", "/").headers["Content-Security-Policy"]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in header.split(";"))}


def hashed(inner: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()}'"


def test_the_page_is_html_in_utf_8(caller: Caller) -> None:
    answer = caller("GET", "/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.body == PAGE


@pytest.mark.parametrize("tag", ["script", "style"])
def test_the_policy_names_the_one_script_and_the_one_style_of_the_page(caller: Caller, tag: str) -> None:
    (inner,) = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", PAGE, re.DOTALL)
    assert policy(caller)[f"{tag}-src"] == hashed(inner)


def test_the_page_needs_nothing_that_the_policy_forbids() -> None:
    assert not re.search(r"""\bon[a-z]+\s*=\s*["']""", PAGE), "an inline handler would not run"
    assert not re.search(r"""<[^>]+\sstyle\s*=\s*["']""", PAGE), "an inline style would not be used"
    sources = re.findall(r"""<[^>]+\b(?:src|href)\s*=\s*["']?([^"'\s>]+)""", PAGE)
    assert all(source.startswith(("data:", "#", "openapi.json")) for source in sources), sources


def test_nothing_comes_from_elsewhere_and_nobody_may_frame_the_page(caller: Caller) -> None:
    directives = policy(caller)
    assert directives["default-src"] == directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert directives["connect-src"] == "'self'"
    assert not any("unsafe" in value or "*" in value for value in directives.values())


def test_each_part_of_the_page_stands_in_it_once_in_its_order() -> None:
    linked = re.findall(r'<script src="([^"]+)"', (PARTS / "page.html").read_text(encoding="utf-8"))
    assert sorted([*linked, "page.html", "style.css"]) == sorted(part.name for part in PARTS.iterdir())
    assert "".join((PARTS / name).read_text(encoding="utf-8") for name in linked) in PAGE
    assert PAGE.count((PARTS / "style.css").read_text(encoding="utf-8")) == 1


def test_the_page_is_joined_once_a_process(caller: Caller) -> None:
    assert caller("GET", "/").body is caller("GET", "/").body
    assert joined(PARTS, "page.html") is joined(PARTS, "page.html")


def test_the_hash_follows_the_page(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    links = '<link rel="stylesheet" href="a.css">\n<script src="a.js"></script>\n<script src="b.js"></script>\n'
    for name, text in (("page.html", links), ("a.css", "a{}\n"), ("a.js", "let é = 1;\n"), ("b.js", "é = 2;\n")):
        (pages / name).write_text(text, encoding="utf-8")
    directives = policy(Caller(Https(an_outbox().herald, {}, tmp_path)))
    assert (directives["script-src"], directives["style-src"]) == (
        hashed("\nlet é = 1;\né = 2;\n"),
        hashed("\na{}\n"),
    )
