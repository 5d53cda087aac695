"""Every link of the docs leads somewhere: to a page, to a heading of it, to a file of the repository."""

import re
from pathlib import Path

import pytest

from tests.docs import DOCS, OUTSIDE, PAGES, anchor, anchors, headings, links, name
from tests.house import ROOT

HELD = [*PAGES, *OUTSIDE]


@pytest.mark.parametrize("page", HELD, ids=name)
def test_a_link_leads_to_a_file_that_is_there_and_to_a_place_in_it(page: Path) -> None:
    astray = []
    for link in links(page):
        if re.match(r"https?://", link):
            continue
        file, _, place = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if (
            not target.exists()
            or not target.is_relative_to(ROOT)
            or (place and place not in anchors(target.read_text(encoding="utf-8")))
        ):
            astray.append(link)
    assert astray == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_has_one_title_and_no_two_headings_of_one_name(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ")
    named = [anchor(heading) for heading in headings(text)]
    assert sorted(named) == sorted(set(named))


def test_nothing_lies_in_the_docs_that_no_page_names() -> None:
    said = "".join(page.read_text(encoding="utf-8") for page in HELD)
    loose = [file for file in DOCS.rglob("*") if file.is_file() and file.suffix != ".md" and file.name not in said]
    assert loose == []
