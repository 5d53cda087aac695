"""The docs: what they link to is there, what can go wrong is explained, their site builds and needs nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.house import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
OUTSIDE = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]

_FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_MARK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def name(page: Path) -> str:
    """How a test calls a page."""
    return str(page.relative_to(ROOT))


def read(page: str) -> str:
    """The text of a page of the docs."""
    return (DOCS / page).read_text(encoding="utf-8")


def links(page: Path) -> Iterator[str]:
    """What a page links to, outside of code."""
    text = _CODE.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))
    return (found[1] for found in _LINK.finditer(text))


def headings(text: str) -> list[str]:
    """The headings of a page, as they read."""
    found = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return [_MARK.sub(r"\1", heading) for heading in found]


def anchor(heading: str) -> str:
    """How GitHub, and the site, call a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def anchors(text: str) -> set[str]:
    """All places in a page that a link may name."""
    return {anchor(heading) for heading in headings(text)} | set(re.findall(r'<a id="([\w-]+)">', text))


def part(text: str, heading: str) -> str:
    """What stands below a heading, down to the next that is as high."""
    level = heading.partition(" ")[0]
    return text.partition(f"{heading}\n")[2].partition(f"\n{level} ")[0]
