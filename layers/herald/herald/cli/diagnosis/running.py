"""Running: the checks side by side, each with an end; one that breaks off says so and stops no other."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from threading import Thread
from typing import NamedTuple, Protocol, cast

from herald.cli.diagnosis import checks
from herald.cli.diagnosis.asking import NotAllowed, NotAnswered, NotThere
from herald.cli.diagnosis.findings import Finding, Level, note, warning
from herald.cli.diagnosis.look import Here, Look
from herald.errors import HeraldError, InvalidSettings
from herald.providers import types
from herald.settings.values import Channel

SECONDS = 20.0
STACK = "the stack"
# Of the stack's, those that are of use to who looks at one channel.
ALWAYS = ("settings", "callback_url")


class Check(Protocol):
    """A file in ``checks``."""

    TITLE: str
    NEEDS: tuple[str, ...]
    LINK: str

    @staticmethod
    def check(look: Look) -> Iterable[Finding]:
        """What is found; nothing, if there is nothing to look at."""


class Result(NamedTuple):
    """What a check found: ``group`` is ``the stack`` or a channel's name."""

    group: str
    check: str
    title: str
    finding: Finding


class Job(NamedTuple):
    """A check to be run: of the stack, or of a channel."""

    name: str
    check: Check
    channel: Channel | None

    @property
    def group(self) -> str:
        return self.channel.name if self.channel else STACK


def found() -> dict[str, Check]:
    """All checks by their names, sorted."""
    names = sorted(module.name for module in iter_modules(checks.__path__))
    return {name: _load(name) for name in names}


def _load(name: str) -> Check:
    return cast("Check", import_module(f"{checks.__name__}.{name}"))


def kind(name: str) -> str | None:
    """The type of the channels that a check is for; None for the stack's."""
    first = name.partition("_")[0]
    return first if first in types() else None


def jobs(channels: Mapping[str, Channel], known: Mapping[str, Check], only: str | None = None) -> Iterator[Job]:
    """What is to be run; with ``only``, for one channel."""
    for name, check in known.items():
        if kind(name) is None and (only is None or name in ALWAYS):
            yield Job(name, check, None)
    for channel in channels.values():
        if only in (None, channel.name):
            yield from (Job(name, check, channel) for name, check in known.items() if kind(name) == channel.type)


def run(
    here: Here, todo: Sequence[Job], *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
) -> list[Result]:
    """Run all at once, for so many seconds at most; the results are in the order of the jobs."""
    kept: list[list[Finding] | None] = [None] * len(todo)

    def work(place: int, job: Job) -> None:
        kept[place] = _findings(here, job)

    threads = [Thread(target=work, args=each, name=each[1].name, daemon=True) for each in enumerate(todo)]
    until = clock() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - clock()))
    late = [warning(f"no answer within {seconds:g} seconds", "Run it again; is AWS, or the provider, in trouble?")]
    return [
        Result(job.group, job.name, job.check.TITLE, finding._replace(link=finding.link or job.check.LINK))
        for job, findings in zip(todo, kept, strict=True)
        for finding in (late if findings is None else findings)
    ]


def _findings(here: Here, job: Job) -> list[Finding]:
    findings: list[Finding] = []
    try:
        findings.extend(job.check.check(Look(here, job.check.NEEDS, job.channel)))
    except Exception as error:
        findings.append(broken(error, local=here.stage == "local"))
    return findings


def broken(error: Exception, *, local: bool) -> Finding:
    """What a check says that could not be ended. The texts of others' errors may repeat keys and numbers."""
    again = "Run it again."
    if isinstance(error, NotAllowed):
        said, mend = f"not allowed to look: {error.action}", "docs/operator-policy.json has what doctor needs."
        return Finding(Level.NOTE, said, mend, "docs/permissions.md", error.action)
    if isinstance(error, NotThere) and local:
        return note(f"the laptop's engine has no {error.action}")
    if isinstance(error, NotAnswered):
        return warning(f"could not be told: {error.action} was answered with {error.reason or error.code}", again)
    if isinstance(error, InvalidSettings):
        return note("not looked at: the settings are wrong", "Correct them first.")
    if isinstance(error, HeraldError):
        return warning(f"could not be told: {error.detail}", again)
    return warning(f"could not be told ({type(error).__name__})", again)
