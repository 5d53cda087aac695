"""Handset: every text that reached a phone of the laptop, whoever carried it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock


@dataclass(frozen=True, slots=True)
class Text:
    """A text on a phone. ``id`` is the vendor's own; ``fields`` is what the vendor was asked, in its own words.

    ``receipt`` is what the vendor told of it, in a word; None until then.
    """

    provider: str
    to: str
    sender: str | None
    body: str
    id: str
    at: datetime
    fields: Mapping[str, str]
    receipt: str | None = None

    def public(self) -> dict[str, object]:
        """``{provider, to, from, body, id, at, fields, receipt}``; ``at`` is RFC 3339 in UTC."""
        at = self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "provider": self.provider, "to": self.to, "from": self.sender, "body": self.body,
            "id": self.id, "at": at, "fields": dict(self.fields), "receipt": self.receipt,
        }  # fmt: skip


class Handset:
    """All phones at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._texts: dict[str, Text] = {}
        self._known: set[str] = set()

    def take(self, text: Text) -> bool:
        """Put a text on its phone, unless it is there already or was cleared away. Returns whether it is new."""
        with self._lock:
            if text.id in self._known:
                return False
            self._known.add(text.id)
            self._texts[text.id] = text
            return True

    def mark(self, id: str, receipt: str) -> None:
        """Remember what was told of a text, if it is still there."""
        with self._lock:
            if text := self._texts.get(id):
                self._texts[id] = replace(text, receipt=receipt)

    def drop(self, id: str) -> None:
        """Take a text back that had not left for its phone."""
        with self._lock:
            self._texts.pop(id, None)

    def texts(self) -> list[Text]:
        """All texts, oldest first."""
        with self._lock:
            return sorted(self._texts.values(), key=lambda text: text.at)

    def empty(self) -> None:
        """Forget the texts, but not their ids: what came from elsewhere is still there and would come again."""
        with self._lock:
            self._texts.clear()
