"""Block: a YAML mapping whose values keep their spelling, and whose names know their lines."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

from herald.errors import Problem

if TYPE_CHECKING:
    from yaml import Node

_NULL = "tag:yaml.org,2002:null"


class Problems(list[Problem]):
    """The mistakes found so far."""

    def add(self, where: str, code: str, detail: str, line: int | None = None) -> None:
        """Note one: ``detail`` holds nothing of what was written there, which may be a secret."""
        self.append(Problem(where, code, detail + (f" (line {line})" if line else "")))


def no_such(thing: str, name: str, known: Collection[str]) -> str:
    """What to write in place of a wrong name. The name is not told: it may be a secret at the wrong place."""
    from difflib import get_close_matches

    meant = get_close_matches(name[:40], known, 1)
    return f"there is no such {thing}" + (f": did you mean {meant[0]}?" if meant else f"; there are {', '.join(known)}")


class Entry(NamedTuple):
    """What stands behind a name."""

    node: "Node"
    line: int


class Block(NamedTuple):
    """Texts, None, lists and dicts, as they are spelled: ``0123`` and ``NO`` stay what they are."""

    values: dict[str, Any]
    lines: dict[str, int]


def root(where: str, text: str, problems: Problems) -> "Node | None":
    """The YAML document in ``text``; None for an empty one, or one that is no YAML."""
    if not text.strip():  # A fresh stack reads no YAML at all.
        return None
    from herald.settings.document import Unreadable, compose

    try:
        node = compose(text)
    except Unreadable as error:
        problems.add(where, "malformed_yaml", error.detail, error.line)
        return None
    return None if node is None or node.tag == _NULL else node


def entries(where: str, node: "Node | None", problems: Problems) -> dict[str, Entry]:
    """What a mapping holds; nothing for None."""
    if node is None:
        return {}
    import yaml

    if not isinstance(node, yaml.MappingNode):
        problems.add(where, "wrong_type", "must be a mapping of names to values", node.start_mark.line + 1)
    found: dict[str, Entry] = {}
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            problems.add(where, "wrong_type", "a name must be a plain word", line)
            continue
        if key.value in found:
            problems.add(where, "duplicate_field", "a name is given twice", line)
        found[key.value] = Entry(value, line)
    return found


def block(where: str, node: "Node | None", problems: Problems, known: Collection[str] | None = None) -> Block:
    """A mapping as plain values. A name with nothing behind it is a mistake, which tells the name if it is ``known``.

    Without ``known`` the caller notes that, for the mapping's own names: they have a line and no value.
    """
    reader = _Reader(where, problems, known or ())
    found = entries(where, node, problems)
    given = {name: entry for name, entry in found.items() if not _empty(entry.node)}
    if known is not None:
        for name in found.keys() - given.keys():
            nothing_behind(where, name, known, problems, found[name].line)
    values = {name: reader.plain(entry.node) for name, entry in given.items()}
    return Block(values, {name: entry.line for name, entry in found.items()})


def nothing_behind(where: str, name: str, known: Collection[str], problems: Problems, line: int) -> None:
    """Note a name without a value. To leave a setting out, its name is left out: nothing is never what was meant."""
    shown = name if name in known else "a name"
    problems.add(where, "empty", f"{shown} has nothing behind it: write a value, or remove the name", line)


def _empty(node: "Node") -> bool:
    return node.tag == _NULL or (isinstance(node.value, str) and not node.value.strip())


class _Reader:
    """Our own, because YAML reads 0123 as 83, 12:30 as 750 and NO as false, and repeats a value that it cannot read."""

    def __init__(self, where: str, problems: Problems, known: Collection[str]) -> None:
        self._where, self._problems, self._known = where, problems, known

    def plain(self, node: "Node") -> Any:
        """Texts, None, lists and dicts."""
        import yaml

        if node.tag.startswith("!"):
            line = node.start_mark.line + 1
            self._problems.add(self._where, "malformed_yaml", "a value that begins with ! needs quotes", line)
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL else node.value
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item) for item in node.value]
        return self._mapping(node)

    def _mapping(self, node: "Node") -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in values:
                self._problems.add(self._where, "duplicate_field", "a name is given twice", line)
            if _empty(value):
                nothing_behind(self._where, name, self._known, self._problems, line)
            else:
                values[name] = self.plain(value)
        return values


def amount(value: object) -> float | None:
    """An amount of money such as ``12.50``; None if it is none."""
    return float(value) if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII) else None
