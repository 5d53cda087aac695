"""Handset: every text that reached a phone of the laptop, whoever carried it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock


@dataclass(frozen=True, slots=True)
class Text:
    """A text on a phone. ``id`` is the vendor's own; ``fields`` is what the vendor was asked, in its own words."""

    provider: str
    to: str
    sender: str | None
    body: str
    id: str
    at: datetime
    fields: Mapping[str, str]

    def public(self) -> dict[str, object]:
        """``{provider, to, from, body, id, at, fields}``; ``at`` is RFC 3339 in UTC."""
        at = self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "provider": self.provider, "to": self.to, "from": self.sender, "body": self.body,
            "id": self.id, "at": at, "fields": dict(self.fields),
        }  # fmt: skip


class Handset:
    """All phones at once. ``elsewhere`` reads the texts that another simulation accepted; it may raise ``OSError``."""

    def __init__(self, elsewhere: Callable[[], Iterable[Text]] = tuple) -> None:
        self._elsewhere = elsewhere
        self._lock = Lock()
        self._texts: list[Text] = []
        self._known: set[str] = set()

    def take(self, text: Text) -> None:
        """Put a text on its phone, unless it is there already or was cleared away."""
        with self._lock:
            if text.id not in self._known:
                self._known.add(text.id)
                self._texts.append(text)

    def catch_up(self) -> None:
        """Take what arrived elsewhere since the last time. Raises ``OSError`` if elsewhere cannot be reached."""
        for text in self._elsewhere():
            self.take(text)

    def texts(self) -> list[Text]:
        """All texts, oldest first."""
        with self._lock:
            return sorted(self._texts, key=lambda text: text.at)

    def empty(self) -> None:
        """Forget the texts, but not their ids: what came from elsewhere is still there and would come again."""
        with self._lock:
            self._texts.clear()
