"""Document: a stage's settings, or one of its channels: read, judged together with what is in SSM, shown, written."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from herald import wiring
from herald.cli.frame import Stopped, tell
from herald.errors import HeraldError, InvalidSettings, Problem
from herald.settings import stack
from herald.settings.block import Problems, block, root
from herald.settings.hidden import HIDDEN, changes, plain, revealed, shown

SETTINGS = "settings"
# What SSM keeps in a parameter that costs nothing.
LONGEST = 4096
SOON = "Functions use it within five minutes; within five seconds if what was there before was wrong."


class Judged(NamedTuple):
    """The mistakes that a text makes, and those that are in SSM already, elsewhere."""

    made: list[Problem]
    before: list[Problem]


class Document:
    """One parameter of a stage, ``settings`` or ``channels/{name}``, as it is in SSM now. Raises ``NotAccepted``."""

    def __init__(self, stage: str, name: str) -> None:
        self.stage, self.name = stage, name
        self.path, self._store = f"{stack.path(stage)}/{name}", wiring.parameters(stage)
        self.kept = self._store.refresh()
        self.text = self.kept.get(name, "")

    def shown(self) -> str:
        """Its text, a channel's without secrets and comments. Raises ``Stopped`` where it is no YAML."""
        if self.name == SETTINGS or not self.text.strip():
            return self.text
        try:
            told = shown(self.text, wiring.provider_fields(str(plain(self.text).get("type"))))
        except InvalidSettings:  # No such type: of its fields nothing is known.
            told = shown(self.text, ())
        if not told:
            raise Stopped(f"{self.path} is no readable YAML, so its secrets cannot be hidden. Write it anew: set.")
        return told

    def mistakes(self) -> list[Problem]:
        """What is wrong in SSM as it stands, wherever it is."""
        return list(_problems(self.stage, self.kept))

    def judged(self, text: str) -> Judged:
        """What is wrong if it held this text."""
        before = self.mistakes()
        made, left = list[Problem](), list[Problem]()
        for problem in _problems(self.stage, {**self.kept, self.name: text}):
            (made if problem.field == self.name or problem not in before else left).append(problem)
        if not text.strip():
            made.append(Problem(self.name, "empty", "is empty: to have no settings of your own, write {}"))
        return Judged(made, left)

    def revealed(self, text: str) -> tuple[str, list[Problem]]:
        """The text with the values that came back hidden; a mistake for each of which none is kept."""
        if self.name == SETTINGS:
            return text, []
        text, missing = revealed(text, plain(self.text))
        said = f"{HIDDEN} stands for the value that is in SSM, and there is none: write the value"
        return text, [Problem(self.name, "hidden_value", f"{name}: {said}") for name in missing]

    def tell_changes(self, text: str) -> None:
        """What is new, changed and removed, by the names of fields: never a value."""
        told = changes(self.text, text)
        for what, names in told._asdict().items():
            if names:
                tell(f"{self.path}: {what}: {', '.join(names)}")
        if not any(told):
            tell(f"{self.path}: no field changes.")
        others = [name for name in self.kept if name.startswith("channels/")]
        if self.name != SETTINGS and not others and plain(text).get("type") != "amazonsns":
            tell("It is the first channel: from then on the stage sends by it alone, no longer by Amazon SNS, which is")
            tell("used where no channel is written. To keep that: herald channels set amazonsns, with type: amazonsns")

    def changed_meanwhile(self) -> bool:
        """Whether somebody else has changed it since. Raises ``NotAccepted``."""
        return self._store.refresh().get(self.name, "") != self.text

    def write(self, text: str) -> None:
        """Write it. Raises ``Stopped``."""
        try:
            self._store.write(self.name, text, secret=self.name != SETTINGS)
        except Exception as error:  # The client's own errors; their texts may repeat what was sent.
            long = f" SSM keeps {LONGEST} bytes in a parameter." if len(text.encode()) > LONGEST else ""
            raise Stopped(f"{self.path}: not written ({type(error).__name__}).{long}") from None
        tell(f"{self.path}: written. {SOON}")


def read(file: str | None) -> str:
    """What a file holds, or standard input (``-``, or None). Raises ``Stopped``."""
    try:
        given = sys.stdin.buffer.read() if file in (None, "-") else Path(str(file)).read_bytes()
        return given.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Stopped(f"{file or '-'}: cannot be read ({type(error).__name__})") from None


def told(problems: Sequence[Problem]) -> None:
    """A line for each mistake: parameter, field and line, and never a value."""
    for problem in problems:
        tell(f"{problem.field}: {problem.detail}")


def _problems(stage: str, parameters: Mapping[str, str]) -> Iterator[Problem]:
    """Every mistake: what the functions' own reader finds, and then what the vendors' classes do not take."""
    try:
        wiring.read(stage, parameters)
    except InvalidSettings as error:
        yield from error.problems
    for name, text in sorted(parameters.items()):
        if name.startswith("channels/"):
            yield from _unusable(stage, name, text)


def _unusable(stage: str, name: str, text: str) -> Iterator[Problem]:
    try:
        (channel,) = wiring.read(stage, {name: text}).channels.values()
    except InvalidSettings:  # It is told already.
        return
    lines = block(name, root(name, text, Problems()), Problems()).lines
    try:
        wiring.provider(channel.type, dict(channel.values), stage)
    except HeraldError as error:
        for problem in error.problems:
            line = f" (line {lines[problem.field]})" if problem.field in lines else ""
            yield Problem(name, problem.code, f"{problem.field}: {problem.detail}{line}")
    except Exception as error:  # A client's own, for a region that is none and the like.
        yield Problem(name, "invalid_channel", f"the vendor's client cannot be made of it ({type(error).__name__})")
