"""Hooks: what the site does beside MkDocs: files of the repository that pages link to, the navigation, ``llms.txt``.

A page of ``docs/`` may link to any file of the repository, as on GitHub. The site holds a copy of each such file below
``repository/``, and the links lead there.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
COPIES = "repository"
STYLE = "site.css"
_LINK = re.compile(r"(\]\()([^()#\s]+)((?:#[\w-]+)?\))")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")  # What a decision begins with.
_FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)


def on_config(config: Any) -> Any:
    """The navigation: without pages that are not there, with those that it does not list, and with the decisions."""
    listed = [page for page in _pages(config.nav) if page]
    known = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    nav = [kept for entry in config.nav if (kept := _there(entry, known))]
    more = sorted(page for page in known - set(listed) if not page.startswith("decisions/"))
    decisions = [f"decisions/{path.name}" for path in sorted((DOCS / "decisions").glob("0*.md"))]
    config.nav = [
        *(entry for entry in nav if "Decisions" not in entry),
        *([{"More": more}] if more else []),
        {"Decisions": ["decisions/README.md", *decisions]},
    ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the style, what pages link to outside of ``docs/``, and what such files link to in their turn."""
    files.append(File.generated(config, STYLE, abs_src_path=str(Path(__file__).with_name(STYLE))))
    waiting = list(DOCS.rglob("*.md"))
    seen: set[Path] = set()
    while waiting:
        for target in _targets(waiting.pop()):
            if target in seen or target.is_relative_to(DOCS):
                continue
            seen.add(target)
            uri = f"{COPIES}/{target.relative_to(ROOT).as_posix()}"
            files.append(File.generated(config, uri, abs_src_path=str(target)))
            waiting += [target] if target.suffix == ".md" else []
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """The page, with links that lead to the copies, and with the parts of a list's items set in far enough."""
    source = _source(page.file.src_uri)

    def led(found: re.Match[str]) -> str:
        target = _target(source, found[2])
        if target is None:
            return found[0]
        here = PurePosixPath(page.file.src_uri).parent
        return f"{found[1]}{os.path.relpath(_uri(target), here)}{found[3]}"

    return _LINK.sub(led, _set_in(markdown))


def _set_in(markdown: str) -> str:
    """For GitHub three blanks are enough below ``1. ``; Python-Markdown wants four."""
    code, lines = False, []
    for line in markdown.split("\n"):
        code ^= line.startswith("```")
        lines.append(f" {line}" if line.startswith("   ") and not code else line)
    return "\n".join(lines)


def on_post_build(config: Any) -> None:
    """Lay ``llms.txt`` at the root, and each page as Markdown beside itself: for readers that are programs."""
    site = Path(config.site_dir)
    for page in filter(None, _pages(config.nav)):
        shutil.copy(_source(page), site / page)
    (site / "llms.txt").write_text(llms(config.nav), encoding="utf-8")


def llms(nav: Any) -> str:
    """The pages, each with its first sentence, by the parts of the navigation."""
    lines = ["# Herald", "", f"> {_first_sentence(DOCS / 'index.md')}", ""]
    for entry in nav:
        for title, pages in entry.items():
            if isinstance(pages, list):
                lines += [f"## {title}", "", *map(_line, filter(None, _pages(pages))), ""]
    return "\n".join(lines)


def _line(page: str) -> str:
    source = _source(page)
    title = source.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
    told = _first_sentence(source)
    return f"- [{title}]({page})" + (f": {told}" if not _DAY.match(told) else "")


def _first_sentence(page: Path) -> str:
    """The first sentence that stands below the title."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8").partition("\n")[2])
    paragraphs = [part.strip() for part in text.split("\n\n")]
    prose = next((part for part in paragraphs if part and not part.startswith(("#", "|", "<", "!", "- "))), "")
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", prose.replace("\n", " ").replace("**", ""))
    return re.split(r"(?<=\.)\s(?=[A-Z`*])", plain, maxsplit=1)[0].rstrip(":")


def _there(entry: Any, known: set[str]) -> Any:
    """An entry of the navigation without the pages that are not there."""
    if isinstance(entry, str):
        return entry if entry in known or entry.startswith(COPIES) else None
    ((title, inner),) = entry.items()
    if isinstance(inner, list):
        return {title: [kept for kept in (_there(each, known) for each in inner) if kept]}
    return {title: inner} if _there(inner, known) else None


def _pages(nav: Any) -> Iterator[str]:
    """Every page of the navigation, in order."""
    for entry in nav:
        for inner in entry.values() if isinstance(entry, dict) else [entry]:
            yield from _pages(inner) if isinstance(inner, list) else [inner]


def _targets(page: Path) -> Iterator[Path]:
    """What a page links to in the repository."""
    for found in _LINK.finditer(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if target := _target(page, found[2]):
            yield target


def _target(page: Path, link: str) -> Path | None:
    target = (page.parent / link).resolve()
    return target if target.is_file() and target.is_relative_to(ROOT) else None


def _source(uri: str) -> Path:
    """The file of the repository that a page of the site is made of."""
    return ROOT / uri.removeprefix(f"{COPIES}/") if uri.startswith(f"{COPIES}/") else DOCS / uri


def _uri(target: Path) -> str:
    """Where the site has a file of the repository."""
    inside = target.is_relative_to(DOCS)
    return target.relative_to(DOCS).as_posix() if inside else f"{COPIES}/{target.relative_to(ROOT).as_posix()}"
