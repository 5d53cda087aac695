"""Shown: the results as lines for people, grouped, with what mends them indented; or as JSON."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from herald.cli.diagnosis.findings import Level, several
from herald.cli.diagnosis.running import Result

WIDTH, MEND = 110, "          "


def lines(results: Sequence[Result]) -> Iterator[str]:
    """A group after the other; a line for each finding, and what mends it below."""
    for group, found in groupby(results, key=lambda result: result.group):
        yield group
        for result in found:
            level, said, mend, link, _ = result.finding
            yield f"  {level:<7} {result.title}: {said}"
            if mend:
                yield from (MEND + line for line in wrap(mend, WIDTH, break_on_hyphens=False, break_long_words=False))
                if link:
                    yield MEND + link
        yield ""
    yield total(results)


def total(results: Sequence[Result]) -> str:
    """``2 failures, 1 warning, 3 notes; 13 lines ok.``"""
    counts = {level: sum(result.finding.level is level for result in results) for level in Level}
    parts = [
        several(counts[level], level.value) for level in reversed(Level) if level is not Level.OK and counts[level]
    ]
    rest = f"{several(counts[Level.OK], 'line')} ok."
    return f"{', '.join(parts)}; {rest}" if parts else rest


def as_json(stage: str, results: Sequence[Result]) -> str:
    """One object; ``failed`` is whether there is a failure."""
    said = [
        {
            "group": result.group, "check": result.check, "title": result.title, "level": result.finding.level.value,
            "said": result.finding.said, "mend": result.finding.mend, "link": result.finding.link,
            "missing": result.finding.missing or None,
        }
        for result in results
    ]  # fmt: skip
    return json.dumps({"stage": stage, "failed": failed(results), "results": said}, indent=2)


def failed(results: Sequence[Result]) -> bool:
    return any(result.finding.level is Level.FAILURE for result in results)
