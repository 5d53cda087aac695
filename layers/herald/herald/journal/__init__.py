"""Journal: the DynamoDB table, a file a kind of item."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from herald.message import Message


class Moved(Exception):
    """Somebody else moved the message first; ``current`` is how it stands (None: it is gone)."""

    def __init__(self, current: "Message | None") -> None:
        self.current = current
        super().__init__("the message was moved by somebody else")


class MayStand(Exception):
    """A claim failed, by its ``__cause__``, and yet its message may be there: it may be sent."""
