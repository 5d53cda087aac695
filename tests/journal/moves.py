"""Moves: which there are, messages that make them, and clients of DynamoDB that look at how they are written."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.status import COMES_FROM, Status, Step
from herald.pipeline.ports import Journal
from tests.builders import NOW, a_message

PAIRS = list(itertools.product(Status, Status))
# Within a state more may be learnt: its price, the provider's id, another receipt.
ALLOWED = [(old, new) for old, new in PAIRS if old in COMES_FROM[new] or old is new]
REFUSED = [pair for pair in PAIRS if pair not in ALLOWED]
DEAD = REASONS["dead_lettered"]


def claimed(journal: Journal, **changes: Any) -> Message:
    """A message that is in the journal."""
    message = a_message(**changes)
    assert journal.claim(message) is None
    return message


# What keeps the text of a message that may be sent again.
KEPT: dict[Status, dict[str, Any]] = {
    Status.UNKNOWN: {"retry_at": NOW},
    Status.SENT: {"retry_at": NOW},
    Status.FAILED: {"reason": DEAD},
}


def moved(journal: Journal, old: Message, status: Status, **changes: Any) -> Message:
    """The message after a move, with a step."""
    trace = (*old.trace, Step(NOW, str(status)))
    return journal.move(old, old.with_(**{"status": status, "trace": trace, **changes}))


class Pages:
    """A client whose pages are at most so long; it notes how many items each look cost."""

    def __init__(self, real: Any, size: int) -> None:
        self._real, self._size, self.scanned = real, size, list[int]()

    def get_paginator(self, operation: str) -> Any:
        pages = self._real.get_paginator(operation)

        class Paginator:
            @staticmethod
            def paginate(**query: Any) -> Iterator[Any]:
                for page in pages.paginate(**query, PaginationConfig={"PageSize": self._size}):
                    self.scanned.append(page["ScannedCount"])
                    yield page

        return Paginator


class Once:
    """A client that takes no update which AWS would refuse and the local engine does not: with two changes of one
    attribute, or with anything after its last part."""

    def __init__(self, real: Any) -> None:
        self._real, self.exceptions, self.updates = real, real.exceptions, 0

    def update_item(self, **request: Any) -> Any:
        self.updates += 1
        assert re.fullmatch(r"SET .+\)( REMOVE #\w+(, #\w+)*)?", request["UpdateExpression"])
        paths = re.findall(r"(#\w+) =", request["UpdateExpression"])
        paths += re.findall(r"#\w+", request["UpdateExpression"].partition(" REMOVE ")[2])
        assert len(paths) == len(set(paths))
        return self._real.update_item(**request)
