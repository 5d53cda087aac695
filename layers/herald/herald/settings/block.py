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
    import yaml

    try:
        node = yaml.SafeLoader(text).get_single_node()
        return None if node is None or node.tag == _NULL else node
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problems.add(where, "malformed_yaml", "is not valid YAML", mark.line + 1 if mark else None)
    except RecursionError:
        problems.add(where, "malformed_yaml", "is nested too deeply")
    return None


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


def block(where: str, node: "Node | None", problems: Problems) -> Block:
    """A mapping as plain values."""
    values: dict[str, Any] = {}
    found = entries(where, node, problems)
    for name, entry in found.items():
        if entry.node.tag.startswith("!"):
            problems.add(where, "malformed_yaml", "a value that begins with ! needs quotes", entry.line)
        try:
            values[name] = _plain(entry.node)
        except RecursionError:
            problems.add(where, "malformed_yaml", "is nested too deeply", entry.line)
    return Block(values, {name: entry.line for name, entry in found.items()})


def _plain(node: "Node") -> Any:
    """Our own, because YAML reads 0123 as 83, 12:30 as 750 and NO as false, and repeats a value that it cannot read."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == _NULL else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return {str(key.value): _plain(value) for key, value in node.value}


def amount(value: object) -> float | None:
    """An amount of money such as ``12.50``; None if it is none."""
    return float(value) if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII) else None
