"""Document: one YAML text as nodes; what is long or deep, or would be unfolded, is refused before it is."""

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from yaml import Node

# SSM keeps at most 8192 characters. A gramex.yaml may be longer, and YAML is read slowly.
LONGEST = 100_000
DEEPEST = 20


class Unreadable(ValueError):
    """``detail`` is a sentence without what was written; ``line`` counts from 1."""

    def __init__(self, detail: str, line: int | None = None) -> None:
        self.detail, self.line = detail, line
        super().__init__(detail)


class _Loader(yaml.SafeLoader):
    """Nodes of which each stands where it is written, once: nothing is shared, merged or nested without end."""

    depth = 0

    def compose_node(self, parent: "Node | None", index: int) -> "Node | None":
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if event.anchor is not None:
            raise Unreadable("anchors and aliases (& and *) are not read: write the value out, or put quotes", line)
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.style is None:
            raise Unreadable("merge keys (<<) are not read: write the values out", line)
        if self.depth == DEEPEST:
            raise Unreadable("is nested too deeply", line)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def compose(text: str) -> "Node | None":
    """The one document in ``text``; None for an empty one. Raises ``Unreadable`` for anything else."""
    if len(text) > LONGEST:
        raise Unreadable(f"is longer than {LONGEST} characters")
    try:
        return _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Unreadable("is not valid YAML", mark.line + 1 if mark else None) from None
