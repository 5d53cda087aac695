"""Hidden: a channel's block with its secrets hidden, the values of those that come back, and what a text changes."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from herald.settings.block import Problems, block, entries, root
from herald.settings.channel import COMMON_FIELDS, OWN_FIELDS
from herald.settings.values import Field

HIDDEN = "(hidden)"


class Changes(NamedTuple):
    """The names of fields, a field of a mapping as ``limits.day``; in the order in which they are written."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def plain(text: str) -> dict[str, Any]:
    """What a text holds, whatever its mistakes: names with texts, lists and mappings; nothing if it is no YAML."""
    problems = Problems()
    return block("", root("", text, problems), problems).values


def shown(text: str, fields: Collection[Field]) -> str:
    """A channel's block without its comments, and with each value hidden that is not known to be none of its secrets.

    ``fields`` are those of its type. It is empty for what is no YAML.
    """
    import yaml

    open_ones = {field.name: field for field in (*COMMON_FIELDS, *OWN_FIELDS, *fields) if not field.secret}

    def value(name: str, written: Any) -> Any:
        field = open_ones.get(name)
        return written if field and (isinstance(written, str) or not field.plain) else HIDDEN

    told = {name: value(name, written) for name, written in plain(text).items()}
    return str(yaml.safe_dump(told, sort_keys=False, allow_unicode=True)) if told else ""


def revealed(text: str, kept: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """A text in which each hidden value is what is ``kept`` under that name; and the names of which nothing is kept.

    All else stays as it is written, comments too. What is no YAML stays as it is.
    """
    import yaml

    problems, missing = Problems(), []
    found = entries("", root("", text, problems), problems)
    for name, (node, _) in sorted(found.items(), key=lambda item: -item[1].node.start_mark.index):
        if not isinstance(node, yaml.ScalarNode) or node.value != HIDDEN:
            continue
        if isinstance(kept.get(name), str):
            end = node.start_mark.index, node.end_mark.index
            text = text[: end[0]] + _written(kept[name]) + text[end[1] :]
        else:
            missing.append(name)
    return text, tuple(reversed(missing))


def changes(before: str, after: str) -> Changes:
    """What one text changes of another, by the names of fields."""
    old, new = dict(_flat(plain(before))), dict(_flat(plain(after)))
    return Changes(
        tuple(name for name in new if name not in old),
        tuple(name for name in new if name in old and new[name] != old[name]),
        tuple(name for name in old if name not in new),
    )


def _flat(values: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{within}{name}.")
        else:
            yield f"{within}{name}", value


def _written(value: str) -> str:
    """A text as YAML's double quotes hold it, in one line."""
    import yaml

    return str(yaml.safe_dump(value, default_style='"', width=float("inf"))).strip()
