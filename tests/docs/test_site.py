"""The site: it builds without a warning, every link in it leads somewhere, and nothing comes from elsewhere."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.docs import DOCS, PAGES


class Seen(HTMLParser):
    """What a page of the site names: its places, what it links to, and what it loads by itself."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.places |= {given[name] or "" for name in ("id", "name") if name in given}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag in ("script", "img", "iframe", "source") and given.get("src"):
            self.loaded.append(given["src"] or "")
        if tag == "link" and given.get("rel") != "canonical":
            self.loaded.append(given.get("href") or "")


class Quiet(SimpleHTTPRequestHandler):
    """Serves the site and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def seen(site: Path) -> dict[Path, Seen]:
    """Each page of the site."""
    return {page: Seen(page) for page in site.rglob("*.html") if page.name != "404.html"}


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, on this machine alone."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_every_page_of_the_docs_is_in_it_and_in_llms_txt(site: Path) -> None:
    told = (site / "llms.txt").read_text(encoding="utf-8")
    for page in PAGES:
        place = page.relative_to(DOCS)
        html = place.with_name("index.html" if place.name == "README.md" else f"{place.stem}.html")
        assert (site / html).is_file()
        assert f"]({place.as_posix()})" in told or place.name == "index.md", place
    for line in (line for line in told.splitlines() if line.startswith("- ")):
        found = re.fullmatch(r"- \[.+?\]\(([^)]+)\)(: .{15,})?", line)
        assert found and (site / found[1]).is_file(), line
        assert found[2] or found[1].startswith("decisions/0"), line


def test_every_link_leads_to_a_page_and_to_a_place_in_it(site: Path, seen: dict[Path, Seen]) -> None:
    astray = []
    for page, found in seen.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto"):
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            there = target.is_file() and target.is_relative_to(site)
            places = seen[target].places if there and target in seen else set()
            if not there or (parts.fragment and target in seen and unquote(parts.fragment) not in {*places, "__skip"}):
                astray.append(f"{page.relative_to(site)}: {link}")
    assert astray == []


def test_nothing_that_a_page_loads_comes_from_elsewhere(site: Path, seen: dict[Path, Seen]) -> None:
    for page, found in seen.items():
        for loaded in found.loaded:
            assert not urlsplit(loaded).netloc, f"{page.name} loads {loaded}"
            assert (page.parent / unquote(urlsplit(loaded).path)).exists(), f"{page.name} loads {loaded}"
    styles = "".join(style.read_text(encoding="utf-8") for style in site.rglob("*.css"))
    assert not re.findall(r"url\(\s*[\"']?https?:", styles)


def test_no_page_scrolls_sideways_on_a_phone(
    browser: Browser,
    address: str,
    seen: dict[Path, Seen],
    site: Path,
) -> None:
    # Without scripts: what is wide is so in HTML and style, and a hundred pages are quickly looked at.
    context = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    chapters = sorted(name for found in seen if not (name := str(found.relative_to(site))).startswith("decisions/0"))
    wide = [name for name in chapters if _too_wide(page, f"{address}/{name}")]
    context.close()
    assert wide == []


def test_search_finds_a_code_and_nothing_is_asked_for_elsewhere(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(f"{address}/contract.html")
    page.goto(f"{address}/index.html")
    page.get_by_label("Search").first.click()
    page.keyboard.type("template_mismatch")
    page.locator(".md-search-result__item").first.wait_for()
    context.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def _too_wide(page: Page, url: str) -> bool:
    page.goto(url)
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
