"""Findings: what a check has to say: how grave it is, in one line, and what mends it."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How grave a finding is. A note is no alarm: a healthy stage may have any number of them."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILURE = "failure"

    @property
    def rank(self) -> int:
        """0 for ok, 3 for a failure."""
        return list(Level).index(self)


class Finding(NamedTuple):
    """One line; ``mend`` is what to do about it, ``link`` a page that says more than the check's own does.

    ``missing`` is the action of IAM that whoever asks does not have.
    """

    level: Level
    said: str
    mend: str = ""
    link: str = ""
    missing: str = ""


def ok(said: str) -> Finding:
    return Finding(Level.OK, said)


def note(said: str, mend: str = "", link: str = "") -> Finding:
    """Good to know, and usual on a fresh stage."""
    return Finding(Level.NOTE, said, mend, link)


def warning(said: str, mend: str, link: str = "") -> Finding:
    """Some texts fare worse than it seems, or soon will."""
    return Finding(Level.WARNING, said, mend, link)


def failure(said: str, mend: str, link: str = "") -> Finding:
    """Texts do not go out, or what becomes of them is not learnt."""
    return Finding(Level.FAILURE, said, mend, link)


def several(count: int, noun: str) -> str:
    """``1 message``, ``2 messages``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
